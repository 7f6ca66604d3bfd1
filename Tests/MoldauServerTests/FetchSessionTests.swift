import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

/// KIP-227: a session names its partitions once.
struct FetchSessionTests {
  private struct Session {
    let client: RawClient
    let topic: NamedTopic
    var id: Int32 = 0
    var epoch: Int32 = 0

    /// Sends the next request of the session.
    mutating func fetch(
      _ offsets: [Int32: Int64] = [:], forgetting forgotten: [Int32] = []
    ) throws -> RawClient.Answer<FetchResponse> {
      var request = FetchRequest(offsets, of: topic)
      if offsets.isEmpty { request.topics = [] }
      if !forgotten.isEmpty {
        var gone = FetchRequest.ForgottenTopic()
        gone.name = topic.name
        gone.id = topic.id
        gone.partitions = forgotten
        request.forgottenTopics = [gone]
      }
      request.sessionID = id
      request.sessionEpoch = epoch
      try client.send(request, version: 13)
      let answer = try client.receive(answerTo: FetchRequest.self, version: 13)
      if epoch == 0 { id = answer.response.sessionID }
      epoch += 1
      return answer
    }
  }

  private static func run(_ body: @escaping @Sendable (RawClient, NamedTopic) throws -> Void)
    async throws
  {
    try await TestServer.run(.memory, { $0.broker.newTopics.partitionCount = 3 }) { server in
      let client = try server.raw()
      try body(client, try VersionTests.makeTopic("log", client))
    }
  }

  private static func indexes(_ response: FetchResponse) -> [Int32] {
    response.topics.flatMap(\.partitions).map(\.index)
  }

  @Test(
    "a session's answers leave out what has nothing new, and follow what is added and forgotten")
  func incremental() async throws {
    try await Self.run { client, topic in
      var session = Session(client: client, topic: topic)
      let first = try session.fetch([0: 0, 1: 0])
      #expect(session.id != 0)
      #expect(Self.indexes(first.response) == [0, 1])
      #expect(try Self.indexes(session.fetch().response) == [])

      let bytes = try batch(["a"])
      _ = try client.call(ProduceRequest([0: bytes, 1: bytes, 2: bytes], to: topic), version: 13)
      #expect(try Self.indexes(session.fetch().response) == [0, 1])
      #expect(try Self.indexes(session.fetch([0: 1, 1: 1]).response) == [])
      #expect(try Self.indexes(session.fetch([2: 0], forgetting: [1]).response) == [2])

      _ = try client.call(ProduceRequest([0: bytes, 1: bytes, 2: bytes], to: topic), version: 13)
      #expect(try Set(Self.indexes(session.fetch([2: 1]).response)) == [0, 2])
    }
  }

  @Test("a partition with an error is told each time until the error is gone")
  func errors() async throws {
    try await Self.run { client, topic in
      var session = Session(client: client, topic: topic)
      let first = try session.fetch([0: 0, 9: 0])
      #expect(Self.indexes(first.response) == [0, 9])
      for _ in 0..<2 { #expect(try Self.indexes(session.fetch().response) == [9]) }
      #expect(try Self.indexes(session.fetch(forgetting: [9]).response) == [])
    }
  }

  @Test("partitions that brought records come last the next time")
  func fairness() async throws {
    try await Self.run { client, topic in
      let bytes = try batch(["a"])
      _ = try client.call(ProduceRequest([0: bytes, 1: bytes, 2: bytes], to: topic), version: 13)
      var session = Session(client: client, topic: topic)
      _ = try session.fetch([0: 0, 1: 3, 2: 0])
      // The reader of partition 1 was out of range; now all three have a record.
      #expect(try Self.indexes(session.fetch([1: 0]).response) == [1, 0, 2])
    }
  }

  @Test("an unknown session and a wrong epoch are errors of the whole answer")
  func refusals() async throws {
    try await Self.run { client, topic in
      var unknown = Session(client: client, topic: topic, id: 4_711, epoch: 1)
      #expect(try unknown.fetch().response.errorCode == .fetchSessionIDNotFound)
      var session = Session(client: client, topic: topic)
      _ = try session.fetch([0: 0])
      session.epoch = 7
      #expect(try session.fetch().response.errorCode == .invalidFetchSessionEpoch)
      session.epoch = 1
      #expect(try session.fetch().response.errorCode == .none)
    }
  }

  @Test("epoch -1 ends the session")
  func end() async throws {
    try await Self.run { client, topic in
      var session = Session(client: client, topic: topic)
      _ = try session.fetch([0: 0])
      session.epoch = -1
      let last = try session.fetch([0: 0]).response
      #expect(last.sessionID == 0)
      #expect(Self.indexes(last) == [0])
      session.epoch = 1
      #expect(try session.fetch().response.errorCode == .fetchSessionIDNotFound)
    }
  }
}
