import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

struct ProduceTests {
  private static func code(
    _ request: ProduceRequest, version: Int16 = 9, _ client: RawClient
  ) throws -> ErrorCode? {
    try client.call(request, version: version).topics.first?.partitions.first?.errorCode
  }

  @Test("each partition has its own result")
  func ownResults() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      var broken = try batch(["x"])
      broken[broken.count - 1] ^= 1
      var request = ProduceRequest([0: try batch(["good"]), 5: try batch(["x"])], to: topic)
      request.topics[0].partitions.append(request.topics[0].partitions[0])
      request.topics[0].partitions[2].records = .bytes(broken)
      let answer = try client.call(request, version: 9)
      #expect(
        answer.topics.first?.partitions.map(\.errorCode)
          == [.none, .unknownTopicOrPartition, .corruptMessage])
      #expect(answer.topics.first?.partitions.last?.errorMessage?.isEmpty == false)
      #expect(server.store.existingTopic("log")?.partitions.first?.endOffset.rawValue == 1)
    }
  }

  @Test("what a client must not send is told apart")
  func refusals() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let good = try batch(["x"])
      let large = try batch([String(repeating: "l", count: 1_100_000)])
      #expect(try Self.code(ProduceRequest([0: []], to: topic), client) == .invalidRecord)
      #expect(try Self.code(ProduceRequest([0: good + good], to: topic), client) == .corruptMessage)
      #expect(try Self.code(ProduceRequest([0: large], to: topic), client) == .messageTooLarge)
      #expect(
        try Self.code(ProduceRequest([0: good], to: topic, acks: 2), client)
          == .invalidRequiredAcks)
      #expect(
        try Self.code(ProduceRequest([0: good], to: NamedTopic(name: "a/b")), client)
          == .invalidTopicException)
      #expect(
        try Self.code(ProduceRequest([0: good], to: NamedTopic(name: "other")), client)
          == .unknownTopicOrPartition)
      let stranger = NamedTopic(name: "log", id: TopicID(high: 3, low: 3))
      #expect(
        try Self.code(ProduceRequest([0: good], to: stranger), version: 13, client)
          == .unknownTopicID)
      let zstd = try batch(["x"], codec: .zstd)
      #expect(
        try Self.code(ProduceRequest([0: zstd], to: topic), version: 6, client)
          == .unsupportedCompressionType)
      #expect(
        try Self.code(ProduceRequest([0: zstd], to: topic), version: 7, client) == .some(.none))
    }
  }

  @Test("a topic with the log's time says it, and bears it")
  func logAppendTime() async throws {
    try await TestServer.run(.memory, { $0.broker.newTopics.timestampType = .logAppendTime }) {
      server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("log", client)
      let answer = try client.call(ProduceRequest([0: try batch(["x"])], to: topic), version: 9)
      let time = try #require(answer.topics.first?.partitions.first?.logAppendTimeMilliseconds)
      #expect(time > 1_700_000_000_000)
      let found = try client.call(ListOffsetsRequest(time, of: "log"), version: 7)
      #expect(found.topics.first?.partitions.first?.offset == 0)
      #expect(found.topics.first?.partitions.first?.timestampMilliseconds == time)
    }
  }

  @Test("many clients that ask for one new topic at once all get the same one")
  func creationRace() async throws {
    try await TestServer.run { server in
      let clients = try (0..<8).map { _ in try server.raw() }
      for round in 0..<10 {
        let request = MetadataRequest(["topic-\(round)"])
        for client in clients { try client.send(request, version: 12) }
        let topics = try clients.map { client in
          try client.receive(answerTo: MetadataRequest.self, version: 12).response.topics.first
        }
        #expect(topics.allSatisfy { $0?.errorCode == .some(.none) && $0?.partitions.count == 1 })
        #expect(Set(topics.compactMap { $0?.id }).count == 1)
      }
    }
  }

  @Test("topics are not created against anyone's will")
  func noCreation() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let kept = try client.call(MetadataRequest(["new"], creates: false), version: 12)
      #expect(kept.topics.first?.errorCode == .unknownTopicOrPartition)
      let invalid = try client.call(MetadataRequest(["no/name"]), version: 12)
      #expect(invalid.topics.first?.errorCode == .invalidTopicException)
      #expect(server.store.topics.isEmpty)
    }
    try await TestServer.run(.memory, { $0.broker.createsTopics = false }) { server in
      let answer = try server.raw().call(MetadataRequest(["new"]), version: 12)
      #expect(answer.topics.first?.errorCode == .unknownTopicOrPartition)
    }
  }

  @Test("all topics, none, and topics by id")
  func asking() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let topic = try VersionTests.makeTopic("a", client)
      _ = try VersionTests.makeTopic("b", client)
      #expect(try client.call(MetadataRequest(nil), version: 12).topics.map(\.name) == ["a", "b"])
      #expect(try client.call(MetadataRequest(nil), version: 0).topics.map(\.name) == ["a", "b"])
      #expect(try client.call(MetadataRequest([]), version: 12).topics.isEmpty)
      var request = MetadataRequest(["x"])
      request.topics?[0].name = nil
      request.topics?[0].id = topic.id
      #expect(try client.call(request, version: 12).topics.map(\.name) == ["a"])
      request.topics?[0].id = TopicID(high: 9, low: 9)
      #expect(try client.call(request, version: 12).topics.map(\.errorCode) == [.unknownTopicID])
    }
  }
}
