import MoldauLog
import MoldauProtocol
import Testing

@testable import MoldauServer

/// Groups of consumers over the wire.
struct GroupRebalanceTests {
  static func run(
    _ body: @escaping @Sendable (TestServer) throws -> Void
  ) async throws {
    try await TestServer.run(
      .memory,
      {
        $0.broker.groups.initialRebalanceDelay = .zero
        $0.broker.groups.minSessionTimeout = .milliseconds(1)
        $0.broker.newTopics.partitionCount = 4
      }, body)
  }

  @Test("4 partitions and 2 consumers: 2 each; more consumers than partitions: the rest is idle")
  func shares() async throws {
    try await Self.run { server in
      _ = try VersionTests.makeTopic("log", try server.raw())
      let members = try (0..<5).map { _ in try GroupMember(server) }
      try GroupMember.settle(joinedBy: Array(members[..<2]), partitionCount: 4)
      #expect(members[..<2].map(\.assignment.count) == [2, 2])
      #expect(members[..<2].flatMap(\.assignment).sorted() == [0, 1, 2, 3])
      try GroupMember.settle(
        Array(members[..<2]), joinedBy: Array(members[2...]), partitionCount: 4)
      #expect(members.map(\.assignment.count).sorted() == [0, 1, 1, 1, 1])
      #expect(members.flatMap(\.assignment).sorted() == [0, 1, 2, 3])
      #expect(Set(members.map(\.generation)).count == 1)
    }
  }

  @Test("a member that dies: its partitions move, and what it still commits is refused")
  func death() async throws {
    try await Patience.run { time in try await death(sessionTimeout: time) }
  }

  private func death(sessionTimeout: Duration) async throws {
    try await Self.run { server in
      _ = try VersionTests.makeTopic("log", try server.raw())
      let first = try GroupMember(server)
      let second = try GroupMember(server)
      second.sessionTimeoutMilliseconds = Int32(sessionTimeout.milliseconds)
      try GroupMember.settle(joinedBy: [first, second], partitionCount: 4)
      let committed = try #require(try second.commit(1))
      guard committed == .none else { throw GroupMember.Surprise(committed) }
      try GroupMember.settleAgain([first], partitionCount: 4)
      #expect(first.assignment == [0, 1, 2, 3])
      #expect(try second.commit(2) == .unknownMemberID)
      #expect(try second.heartbeat() == .unknownMemberID)
      #expect(try first.commit(3) == ErrorCode.none)
      #expect(try server.raw().committed() == 3)
    }
  }

  @Test("a member that leaves is not waited for")
  func leaving() async throws {
    try await Self.run { server in
      let members = [try GroupMember(server), try GroupMember(server)]
      try GroupMember.settle(joinedBy: members, partitionCount: 4)
      #expect(try members[0].leave() == ErrorCode.none)
      try GroupMember.settleAgain([members[1]], partitionCount: 4)
      #expect(members[1].assignment == [0, 1, 2, 3])
    }
  }

  @Test("a static member that comes back has its partitions without a rebalance")
  func staticMember() async throws {
    try await Self.run { server in
      let first = try GroupMember(server, instanceID: "one")
      try GroupMember.settle(joinedBy: [first], partitionCount: 4)
      let again = try GroupMember(server, instanceID: "one")
      let response = try again.client.call(again.joinRequest, version: 9)
      #expect(response.errorCode == .none)
      #expect(response.generationID == first.generation)
      #expect(response.skipsAssignment)
      #expect(try first.heartbeat() == .fencedInstanceID)
    }
  }

  @Test("every version of the requests of members is answered in its form")
  func versions() async throws {
    try await Self.run { server in
      for version in JoinGroupRequest.supported.versions {
        let member = try GroupMember(server, group: "group-\(version)")
        var request = member.joinRequest
        var joined = try member.client.call(request, version: version)
        if joined.errorCode == .memberIDRequired {
          #expect(version >= 4)
          request.memberID = joined.memberID
          joined = try member.client.call(request, version: version)
        }
        #expect(joined.errorCode == .none && joined.members.count == 1)
        var sync = SyncGroupRequest()
        sync.groupID = request.groupID
        sync.memberID = joined.memberID
        sync.generationID = joined.generationID
        sync.protocolType = "consumer"
        sync.protocolName = "range"
        #expect(try member.client.call(sync, version: min(version, 5)).errorCode == .none)
        var heartbeat = HeartbeatRequest()
        heartbeat.groupID = request.groupID
        heartbeat.memberID = joined.memberID
        heartbeat.generationID = joined.generationID
        #expect(try member.client.call(heartbeat, version: min(version, 4)).errorCode == .none)
        var leave = LeaveGroupRequest()
        leave.groupID = request.groupID
        leave.memberID = joined.memberID
        leave.members = [LeaveGroupRequest.Member()]
        leave.members[0].memberID = joined.memberID
        let left = try member.client.call(leave, version: min(version, 5))
        #expect(left.errorCode == .none && left.members.allSatisfy { $0.errorCode == .none })
      }
    }
  }

  @Test("what members must not ask is told apart")
  func refusals() async throws {
    try await Self.run { server in
      let member = try GroupMember(server)
      var request = member.joinRequest
      request.groupID = ""
      #expect(try member.client.call(request, version: 9).errorCode == .invalidGroupID)
      request = member.joinRequest
      request.sessionTimeoutMilliseconds = 0
      #expect(try member.client.call(request, version: 9).errorCode == .invalidSessionTimeout)
      request.sessionTimeoutMilliseconds = 1_800_001
      #expect(try member.client.call(request, version: 9).errorCode == .invalidSessionTimeout)
      request = member.joinRequest
      request.memberID = "nobody"
      #expect(try member.client.call(request, version: 9).errorCode == .unknownMemberID)
      #expect(try member.heartbeat() == .unknownMemberID)
      #expect(try member.leave() == .unknownMemberID)
    }
  }

  @Test("this broker coordinates all groups and transactions")
  func coordinator() async throws {
    try await Self.run { server in
      let client = try server.raw()
      for version in FindCoordinatorRequest.supported.versions {
        for type in [
          FindCoordinatorRequest.KeyType.group, FindCoordinatorRequest.KeyType.transaction,
        ] {
          var request = FindCoordinatorRequest()
          request.key = "a"
          request.keys = ["a", "b"]
          request.keyType = type
          let answer = try client.call(request, version: version)
          let ports = version >= 4 ? answer.coordinators.map(\.port) : [answer.port]
          #expect(answer.errorCode == .none)
          #expect(ports == Array(repeating: Int32(server.port), count: version >= 4 ? 2 : 1))
        }
      }
      var request = FindCoordinatorRequest()
      request.keys = ["a"]
      request.keyType = 9
      #expect(
        try client.call(request, version: 6).coordinators.first?.errorCode == .invalidRequest)
    }
  }

  @Test("a member that says more of itself than a record can hold is refused")
  func largeMetadata() async throws {
    try await TestServer.run { server in
      let client = try server.raw()
      var supported = JoinGroupRequest.GroupProtocol()
      supported.name = "range"
      supported.metadata = Array(repeating: 0, count: 16 << 20)
      var request = JoinGroupRequest()
      request.groupID = "group"
      request.sessionTimeoutMilliseconds = 10_000
      request.rebalanceTimeoutMilliseconds = 10_000
      request.protocolType = "consumer"
      request.protocols = [supported]
      #expect(try client.call(request, version: 9).errorCode == .invalidRequest)
    }
  }
}
