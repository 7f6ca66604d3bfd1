import MoldauProtocol
import Testing

@testable import MoldauServer

/// Looking at groups, and deleting them and their offsets.
struct GroupAdministrationTests {
  private static func list(
    _ client: RawClient, states: [String] = [], types: [String] = []
  ) throws -> [String] {
    var request = ListGroupsRequest()
    request.statesFilter = states
    request.typesFilter = types
    return try client.call(request, version: 5).groups.map {
      "\($0.groupID) \($0.state) \($0.type) \($0.protocolType)"
    }
  }

  private static func describe(
    _ id: String, version: Int16 = 6, _ client: RawClient
  ) throws -> DescribeGroupsResponse.Group? {
    var request = DescribeGroupsRequest()
    request.groupIDs = [id]
    request.includesAuthorizedOperations = true
    return try client.call(request, version: version).groups.first
  }

  private static func delete(_ ids: [String], _ client: RawClient) throws -> [ErrorCode] {
    var request = DeleteGroupsRequest()
    request.groupIDs = ids
    return try client.call(request, version: 2).results.map(\.errorCode)
  }

  private static func deleteOffset(
    of group: String, topic: String, _ client: RawClient
  ) throws -> ErrorCode? {
    var partition = OffsetDeleteRequest.Partition()
    partition.index = 0
    var asked = OffsetDeleteRequest.Topic()
    asked.name = topic
    asked.partitions = [partition]
    var request = OffsetDeleteRequest()
    request.groupID = group
    request.topics = [asked]
    let answer = try client.call(request, version: 0)
    return answer.errorCode == .none
      ? answer.topics.first?.partitions.first?.errorCode : answer.errorCode
  }

  @Test("groups are listed with their states and types, and filtered by them")
  func listing() async throws {
    try await GroupRebalanceTests.run { server in
      let client = try server.raw()
      #expect(try Self.list(client).isEmpty)
      _ = try VersionTests.makeTopic("log", client)
      _ = try client.commit(OffsetCommitRequest(1, group: "alone"))
      try GroupMember.settle(joinedBy: [try GroupMember(server)], partitionCount: 4)
      #expect(
        try Self.list(client) == ["alone Empty classic ", "group Stable classic consumer"])
      #expect(try Self.list(client, states: ["stable"]).count == 1)
      #expect(try Self.list(client, types: ["Consumer"]).isEmpty)
      #expect(try Self.list(client, states: ["Empty"], types: ["classic"]).count == 1)
      for version in ListGroupsRequest.supported.versions {
        #expect(try client.call(ListGroupsRequest(), version: version).groups.count == 2)
      }
    }
  }

  @Test("a group is described with its members; one that is not there is dead")
  func describing() async throws {
    try await GroupRebalanceTests.run { server in
      let client = try server.raw()
      _ = try VersionTests.makeTopic("log", client)
      _ = try client.commit(OffsetCommitRequest(1, group: "alone"))
      let member = try GroupMember(server, instanceID: "static")
      try GroupMember.settle(joinedBy: [member], partitionCount: 2)
      let group = try #require(try Self.describe("group", client))
      #expect(group.state == "Stable")
      #expect(group.protocolData == "range")
      #expect(group.members.map(\.memberID) == [member.memberID])
      #expect(group.members.first?.groupInstanceID == "static")
      #expect(group.members.first?.clientHost == "/127.0.0.1")
      #expect(group.members.first?.assignment == [0, 1])
      #expect(group.authorizedOperations > 0)
      #expect(try Self.describe("alone", client)?.state == "Empty")
      #expect(try Self.describe("absent", version: 5, client)?.state == "Dead")
      #expect(try Self.describe("absent", version: 5, client)?.errorCode == .some(.none))
      #expect(try Self.describe("absent", client)?.errorCode == .groupIDNotFound)
    }
  }

  @Test("a group is deleted with its offsets unless it has members")
  func deleting() async throws {
    try await GroupRebalanceTests.run { server in
      let client = try server.raw()
      _ = try VersionTests.makeTopic("log", client)
      _ = try client.commit(OffsetCommitRequest(1, group: "alone"))
      let member = try GroupMember(server)
      try GroupMember.settle(joinedBy: [member], partitionCount: 4)
      _ = try member.commit(5)
      #expect(
        try Self.delete(["alone", "group", "absent"], client)
          == [.none, .nonEmptyGroup, .groupIDNotFound])
      #expect(try client.committed(group: "alone") == -1)
      #expect(try client.committed() == 5)
      _ = try member.leave()
      #expect(try Self.list(client) == ["group Empty classic consumer"])
      #expect(try Self.delete(["group"], client) == [.none])
      #expect(try client.committed() == -1)
      #expect(try Self.list(client).isEmpty)
    }
  }

  @Test("an offset is taken back unless a member reads its topic")
  func deletingOffsets() async throws {
    try await GroupRebalanceTests.run { server in
      let client = try server.raw()
      _ = try VersionTests.makeTopic("log", client)
      _ = try VersionTests.makeTopic("other", client)
      for topic in ["log", "other"] {
        _ = try client.commit(OffsetCommitRequest(1, topic: topic))
      }
      let member = try GroupMember(server)
      try GroupMember.settle(joinedBy: [member], partitionCount: 4)
      #expect(try Self.deleteOffset(of: "group", topic: "log", client) == .groupSubscribedToTopic)
      #expect(try Self.deleteOffset(of: "group", topic: "other", client) == ErrorCode.none)
      #expect(
        try Self.deleteOffset(of: "group", topic: "no", client) == .unknownTopicOrPartition)
      #expect(try Self.deleteOffset(of: "absent", topic: "log", client) == .groupIDNotFound)
      #expect(try client.committed(topic: "other") == -1)
      #expect(try client.committed(topic: "log") == 1)
      _ = try member.leave()
      #expect(try Self.deleteOffset(of: "group", topic: "log", client) == ErrorCode.none)
      #expect(try client.committed(topic: "log") == -1)
    }
  }
}
