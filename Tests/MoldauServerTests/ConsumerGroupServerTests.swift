import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

@Suite("Consumer groups on the wire")
struct ConsumerGroupServerTests {
  typealias Heartbeat = ConsumerGroupHeartbeatRequest
  typealias Answer = ConsumerGroupHeartbeatResponse

  private static func join(
    _ member: String, topics: [String]? = ["t"], pattern: String? = nil,
    change: (inout Heartbeat) -> Void = { _ in }
  ) -> Heartbeat {
    var request = Heartbeat()
    request.groupID = "g"
    request.memberID = member
    request.rebalanceTimeoutMilliseconds = 60_000
    request.subscribedTopicNames = topics
    request.subscribedTopicRegex = pattern
    request.topicPartitions = []
    change(&request)
    return request
  }

  private static func beat(
    _ member: String, _ epoch: Int32, owned: Answer.Assignment? = nil
  ) -> Heartbeat {
    var request = Heartbeat()
    request.groupID = "g"
    request.memberID = member
    request.memberEpoch = epoch
    request.topicPartitions = owned?.topicPartitions.map { topic in
      var entry = Heartbeat.TopicPartitions()
      entry.topicID = topic.topicID
      entry.partitions = topic.partitions
      return entry
    }
    return request
  }

  private static func numbers(_ assignment: Answer.Assignment?) -> [Int32]? {
    assignment.map { $0.topicPartitions.flatMap(\.partitions) }
  }

  private static func describe(
    _ group: String, _ client: RawClient
  ) throws -> ConsumerGroupDescribeResponse.Group {
    var request = ConsumerGroupDescribeRequest()
    request.groupIDs = [group]
    request.includesAuthorizedOperations = true
    return try #require(try client.call(request, version: 1).groups.first)
  }

  @Test("two members share a topic, and the group is described as it is")
  func sharing() async throws {
    try await TestServer.run { server in
      _ = try server.store.topicBlocking("t", TopicConfiguration(partitionCount: 4))
      let client = try server.raw()
      let first = try client.call(Self.join("a"), version: 1)
      #expect(first.errorCode == .none)
      #expect(first.memberEpoch == 1)
      #expect(first.heartbeatIntervalMilliseconds == 5_000)
      #expect(Self.numbers(first.assignment) == [0, 1, 2, 3])
      #expect(try client.call(Self.beat("a", 1), version: 1).assignment == nil)

      // In version 0 the broker names its members.
      let second = try client.call(Self.join(""), version: 0)
      let name = try #require(second.memberID)
      #expect(!name.isEmpty)
      #expect(Self.numbers(second.assignment) == [])
      let told = try client.call(Self.beat("a", 1), version: 1)
      let kept = try #require(told.assignment)
      #expect(Self.numbers(kept)?.count == 2)
      #expect(try client.call(Self.beat("a", 1, owned: kept), version: 1).memberEpoch == 2)
      let given = try client.call(Self.beat(name, 2), version: 0)
      #expect(Self.numbers(given.assignment)?.count == 2)

      let group = try Self.describe("g", client)
      #expect(group.errorCode == .none)
      #expect(group.state == "Stable")
      #expect(group.groupEpoch == 2)
      #expect(group.assignmentEpoch == 2)
      #expect(group.assignorName == "uniform")
      #expect(group.members.map(\.memberID).sorted() == ["a", name].sorted())
      for member in group.members {
        #expect(member.memberType == ConsumerGroupDescribeResponse.MemberType.consumer)
        #expect(member.assignment == member.targetAssignment)
        #expect(member.assignment.topicPartitions.first?.topicName == "t")
        #expect(member.clientHost == "/127.0.0.1")
        #expect(member.subscribedTopicNames == ["t"])
      }
    }
  }

  @Test("topics that come and grow are noticed, by name and by pattern")
  func topics() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      let joined = try client.call(Self.join("a", topics: nil, pattern: "t.*"), version: 1)
      #expect(Self.numbers(joined.assignment) == [])
      let topic = try server.store.topicBlocking("t", TopicConfiguration(partitionCount: 1))
      #expect(Self.numbers(try client.call(Self.beat("a", 1), version: 1).assignment) == [0])
      try server.store.addPartitions(to: topic, count: 2)
      #expect(Self.numbers(try client.call(Self.beat("a", 2), version: 1).assignment) == [0, 1])
      try server.store.removeTopic("t")
      #expect(Self.numbers(try client.call(Self.beat("a", 3), version: 1).assignment) == [])
    }
  }

  @Test("requests that break a rule are refused")
  func refusals() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      for (request, version, code) in [
        (Self.join(""), 1, ErrorCode.invalidRequest),
        (Self.join("a") { $0.groupID = "" }, 1, .invalidRequest),
        (Self.join("a") { $0.instanceID = "" }, 1, .invalidRequest),
        (Self.join("a") { $0.rebalanceTimeoutMilliseconds = -1 }, 1, .invalidRequest),
        (Self.join("a") { $0.topicPartitions = nil }, 1, .invalidRequest),
        (Self.join("a", topics: nil), 1, .invalidRequest),
        (Self.join("a") { $0.memberEpoch = -3 }, 1, .invalidRequest),
        (Self.join("a") { $0.memberEpoch = -2 }, 1, .invalidRequest),
        (Self.join("a") { $0.serverAssignor = "sticky" }, 1, .unsupportedAssignor),
        (Self.join("a", pattern: "("), 1, .invalidRegularExpression),
        (Self.beat("a", 1), 1, .groupIDNotFound),
        (Self.beat("a", -1), 1, .groupIDNotFound),
      ] as [(Heartbeat, Int16, ErrorCode)] {
        let answer = try client.call(request, version: version)
        #expect(answer.errorCode == code)
        #expect(answer.errorMessage?.isEmpty == false)
      }
      #expect(try Self.describe("g", client).errorCode == .groupIDNotFound)
      #expect(try Self.describe("", client).errorCode == .invalidGroupID)
    }
  }

  @Test("a broker that starts again finds the group as it was")
  func restart() async throws {
    let store = try await LogStore.inMemory(StoreConfiguration(durability: .groupCommit()))
    _ = try await store.topic("t", TopicConfiguration(partitionCount: 2))
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))])
    configuration.broker.groups.consumerSessionTimeout = .seconds(300)
    for epoch in [0, 1] as [Int32] {
      let server = try await BrokerServer.start(store: store, configuration)
      let result = await TestServer.onOwnThread {
        let client = try TestServer(store: store, server: server).raw()
        let request = epoch == 0 ? Self.join("a") : Self.beat("a", epoch)
        let answer = try client.call(request, version: 1)
        #expect(answer.errorCode == .none)
        #expect(answer.memberEpoch == 1)
        let group = try Self.describe("g", client)
        #expect(group.state == "Stable")
        #expect(group.members.first?.assignment.topicPartitions.first?.partitions == [0, 1])
      }
      await server.stop()
      try result.get()
    }
    try await store.close()
  }
}
