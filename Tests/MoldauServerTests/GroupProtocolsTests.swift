import MoldauFormat
import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

/// Groups of both protocols beside each other, and what other requests make of the newer ones.
@Suite("Groups of both protocols")
struct GroupProtocolsTests {
  private static func heartbeat(
    _ member: String, _ epoch: Int32, _ client: RawClient
  ) throws -> ConsumerGroupHeartbeatResponse {
    var request = ConsumerGroupHeartbeatRequest()
    request.groupID = "group"
    request.memberID = member
    request.memberEpoch = epoch
    if epoch == 0 {
      request.rebalanceTimeoutMilliseconds = 60_000
      request.subscribedTopicNames = ["log"]
      request.topicPartitions = []
    }
    return try client.call(request, version: 1)
  }

  private static func commit(
    _ offset: Int64, _ member: String, _ epoch: Int32, _ client: RawClient
  ) throws -> ErrorCode? {
    var request = OffsetCommitRequest(offset)
    request.memberID = member
    request.generationID = epoch
    return try client.commit(request)
  }

  private static func delete(_ client: RawClient) throws -> ErrorCode? {
    var request = DeleteGroupsRequest()
    request.groupIDs = ["group"]
    return try client.call(request, version: 2).results.first?.errorCode
  }

  private static func listed(_ client: RawClient) throws -> [String] {
    try client.call(ListGroupsRequest(), version: 5).groups.map {
      "\($0.groupID) \($0.state) \($0.type) \($0.protocolType)"
    }
  }

  @Test("offsets are for members in their epoch")
  func offsets() async throws {
    try await TestServer.run { server in
      _ = try server.store.topicBlocking("log", TopicConfiguration(partitionCount: 1))
      let client = try server.raw()
      #expect(try Self.heartbeat("a", 0, client).memberEpoch == 1)
      #expect(try Self.commit(5, "a", 1, client) == .some(.none))
      #expect(try Self.commit(6, "a", 0, client) == .staleMemberEpoch)
      #expect(try Self.commit(6, "b", 1, client) == .unknownMemberID)
      #expect(try Self.commit(6, "", -1, client) == .unknownMemberID)
      #expect(try client.committed() == 5)

      for (member, epoch, code) in [
        ("a", 1, ErrorCode.none), ("a", 2, .staleMemberEpoch), ("b", 1, .unknownMemberID),
        (nil, -1, .none),
      ] as [(String?, Int32, ErrorCode)] {
        var group = OffsetFetchRequest.Group()
        group.groupID = "group"
        group.memberID = member
        group.memberEpoch = epoch
        group.topics = OffsetFetchRequest().topics
        var request = OffsetFetchRequest()
        request.groups = [group]
        #expect(try client.call(request, version: 9).groups.first?.errorCode == code)
      }

      var partition = OffsetDeleteRequest.Partition()
      partition.index = 0
      var topic = OffsetDeleteRequest.Topic()
      topic.name = "log"
      topic.partitions = [partition]
      var request = OffsetDeleteRequest()
      request.groupID = "group"
      request.topics = [topic]
      let refused = try client.call(request, version: 0)
      #expect(refused.topics.first?.partitions.first?.errorCode == .groupSubscribedToTopic)
      _ = try Self.heartbeat("a", -1, client)
      let taken = try client.call(request, version: 0)
      #expect(taken.topics.first?.partitions.first?.errorCode == .some(.none))
      #expect(try client.committed() == -1)
    }
  }

  @Test("the group is listed, is no classic one, and is deleted once it is empty")
  func administration() async throws {
    try await TestServer.run { server in
      _ = try server.store.topicBlocking("log", TopicConfiguration(partitionCount: 1))
      let client = try server.raw()
      _ = try Self.heartbeat("a", 0, client)
      #expect(try Self.listed(client) == ["group Stable consumer consumer"])
      var request = DescribeGroupsRequest()
      request.groupIDs = ["group"]
      let described = try #require(try client.call(request, version: 6).groups.first)
      #expect(described.errorCode == .groupIDNotFound)
      #expect(described.state == "Dead")
      #expect(try Self.delete(client) == .nonEmptyGroup)
      _ = try Self.heartbeat("a", -1, client)
      #expect(try Self.listed(client) == ["group Empty consumer consumer"])
      #expect(try Self.delete(client) == .some(.none))
      #expect(try Self.listed(client) == [])
      #expect(try Self.heartbeat("a", 1, client).errorCode == .groupIDNotFound)
      #expect(try Self.heartbeat("a", 0, client).memberEpoch == 1)
    }
  }

  @Test("members of the other protocol are refused, and let in once there are none")
  func conversion() async throws {
    let store = try await LogStore.inMemory(StoreConfiguration(durability: .buffered))
    _ = try await store.topic("log", TopicConfiguration(partitionCount: 1))
    var configuration = ServerConfiguration(
      listeners: [.init(address: HostAndPort(host: "127.0.0.1", port: 0))])
    configuration.broker.groups.initialRebalanceDelay = .zero
    configuration.broker.groups.consumerSessionTimeout = .seconds(300)
    // What the log says of the group must be right too, each time.
    let steps: [@Sendable (TestServer, RawClient) throws -> Void] = [
      { (server, client) throws in
        #expect(try Self.heartbeat("a", 0, client).memberEpoch == 1)
        let classic = try GroupMember(server)
        let refused = try client.call(classic.joinRequest, version: 9)
        #expect(refused.errorCode == .inconsistentGroupProtocol)
        _ = try Self.heartbeat("a", -1, client)
      },
      { (server, client) throws in
        #expect(try Self.listed(client) == ["group Empty consumer consumer"])
        let classic = try GroupMember(server)
        try GroupMember.settle(joinedBy: [classic], partitionCount: 1)
        #expect(try Self.listed(client) == ["group Stable classic consumer"])
        #expect(try Self.heartbeat("a", 0, client).errorCode == .groupIDNotFound)
        #expect(try classic.leave() == .some(.none))
      },
      { (_, client) throws in
        #expect(try Self.listed(client) == ["group Empty classic consumer"])
        #expect(try Self.heartbeat("a", 0, client).errorCode == .none)
      },
      { (_, client) throws in
        #expect(try Self.listed(client) == ["group Stable consumer consumer"])
        #expect(try Self.heartbeat("a", 1, client).errorCode == .none)
      },
    ]
    for step in steps {
      let server = try await BrokerServer.start(store: store, configuration)
      let result = await TestServer.onOwnThread {
        let tested = TestServer(store: store, server: server)
        try step(tested, try tested.raw())
      }
      await server.stop()
      try result.get()
    }
    try await store.close()
  }
}
