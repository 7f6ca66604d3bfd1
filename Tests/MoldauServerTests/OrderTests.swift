import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

/// Answers leave in the order of the requests, whatever each has to wait for.
struct OrderTests {
  /// Longer than any test waits: an answer that comes has another reason.
  static let forEver: Int32 = 3_600_000

  @Test("a fetch that waits for a later request of its own connection is answered before it")
  func fetchBeforeProduce() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      var fetch = FetchRequest([0: 0], of: topic)
      fetch.maxWaitMilliseconds = Self.forEver
      try client.send(
        RawClient.frame(fetch, version: 12, correlationID: 1)
          + RawClient.frame(
            ProduceRequest([0: try batch(["late"])], to: topic), version: 9, correlationID: 2)
          + RawClient.frame(MetadataRequest(["log"]), version: 9, correlationID: 3))
      let fetched = try client.receive(answerTo: FetchRequest.self, version: 12)
      #expect(fetched.correlationID == 1)
      #expect(try fetched.values() == ["late"])
      let produced = try client.receive(answerTo: ProduceRequest.self, version: 9)
      #expect(produced.correlationID == 2)
      #expect(produced.response.topics.first?.partitions.first?.errorCode == .some(.none))
      let described = try client.receive(answerTo: MetadataRequest.self, version: 9)
      #expect(described.correlationID == 3)
    }
  }

  @Test("thousands of requests behind one that waits are held back and all answered")
  func pipelining() async throws {
    let count: Int32 = 5_000
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      var fetch = FetchRequest([0: 0], of: topic)
      fetch.maxWaitMilliseconds = Self.forEver
      try client.send(fetch, version: 12, correlationID: 0)
      for number in 1...count {
        try client.send(ApiVersionsRequest(), version: 0, correlationID: number)
      }
      let other = try server.raw()
      _ = try other.call(ProduceRequest([0: try batch(["x"])], to: topic), version: 9)
      #expect(try client.receive(answerTo: FetchRequest.self, version: 12).correlationID == 0)
      for number in 1...count {
        let answer = try client.receive(answerTo: ApiVersionsRequest.self, version: 0)
        guard answer.correlationID == number else {
          Issue.record("answer \(answer.correlationID) came in place of \(number)")
          return
        }
      }
    }
  }

  @Test("a client that asks for much before it reads gets all of it", arguments: [false, true])
  func slowReader(fromFiles: Bool) async throws {
    let count: Int32 = 60
    try await TestServer.run(fromFiles ? .folder : .memory, durability: .buffered) { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let value = String(repeating: "w", count: 900_000)
      let produce = ProduceRequest([0: try batch([value])], to: topic)
      _ = try client.call(produce, version: 9)
      for number in 0..<count {
        try client.send(FetchRequest([0: 0], of: topic), version: 12, correlationID: number)
      }
      for number in 0..<count {
        let answer = try client.receive(answerTo: FetchRequest.self, version: 12)
        let isWhole = try answer.correlationID == number && answer.values() == [value]
        #expect(isWhole, "answer \(number)")
      }
    }
  }

  @Test("acknowledged appends of a pipeline are acknowledged in order", arguments: [1, -1])
  func pipelinedProduce(acks: Int16) async throws {
    let count: Int32 = 500
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      for number in 0..<count {
        try client.send(
          ProduceRequest([0: try batch(["\(number)"])], to: topic, acks: acks), version: 9,
          correlationID: number)
      }
      for number in 0..<count {
        let answer = try client.receive(answerTo: ProduceRequest.self, version: 9)
        #expect(answer.correlationID == number)
        #expect(answer.response.topics.first?.partitions.first?.baseOffset == Int64(number))
      }
      let log = try #require(server.store.existingTopic("log")?.partitions.first)
      #expect(log.endOffset.rawValue == Int64(count))
      if acks == -1 { #expect(log.durableOffset.rawValue == Int64(count)) }
    }
  }

  @Test("acks 0 has no answer, and what follows has")
  func unanswered() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let produce = ProduceRequest([0: try batch(["quiet"])], to: topic, acks: 0)
      try client.send(produce, version: 9, correlationID: 1)
      try client.send(FetchRequest([0: 0], of: topic), version: 12, correlationID: 2)
      let answer = try client.receive(answerTo: FetchRequest.self, version: 12)
      #expect(answer.correlationID == 2)
      #expect(try answer.values() == ["quiet"])
    }
  }

  @Test("an append with acks 0 that fails closes the connection")
  func unansweredFailure() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let produce = ProduceRequest(
        [0: try batch(["x"])], to: NamedTopic(name: "nowhere"), acks: 0)
      try client.send(produce, version: 9)
      #expect(client.receive() == nil)
    }
  }
}
