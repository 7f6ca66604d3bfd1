import Foundation
import MoldauProtocol

@testable import MoldauServer

/// A member of a classic group that speaks the protocol itself, one connection each.
final class GroupMember {
  let client: RawClient
  let group: String
  let instanceID: String?
  private(set) var memberID = ""
  private(set) var generation: Int32 = -1
  private(set) var assignment: [UInt8] = []
  var sessionTimeoutMilliseconds: Int32 = 300_000

  init(_ server: TestServer, group: String = "group", instanceID: String? = nil) throws {
    client = try server.raw()
    self.group = group
    self.instanceID = instanceID
    // Returns when the group is loaded.
    _ = try heartbeat()
  }

  // MARK: Single requests

  var joinRequest: JoinGroupRequest {
    var subscription = ConsumerProtocolSubscription()
    subscription.topics = ["log"]
    var supported = JoinGroupRequest.GroupProtocol()
    supported.name = "range"
    supported.metadata = subscription.encoded(version: 1)
    var request = JoinGroupRequest()
    request.groupID = group
    request.memberID = memberID
    request.groupInstanceID = instanceID
    request.sessionTimeoutMilliseconds = sessionTimeoutMilliseconds
    request.rebalanceTimeoutMilliseconds = 300_000
    request.protocolType = "consumer"
    request.protocols = [supported]
    return request
  }

  func heartbeat() throws -> ErrorCode {
    var request = HeartbeatRequest()
    request.groupID = group
    request.memberID = memberID
    request.groupInstanceID = instanceID
    request.generationID = generation
    return try client.call(request, version: 4).errorCode
  }

  func commit(_ offset: Int64, partition: Int32 = 0) throws -> ErrorCode? {
    var request = OffsetCommitRequest(offset, group: group, partition: partition)
    request.memberID = memberID
    request.groupInstanceID = instanceID
    request.generationID = generation
    return try client.call(request, version: 9).topics.first?.partitions.first?.errorCode
  }

  func leave() throws -> ErrorCode? {
    var member = LeaveGroupRequest.Member()
    member.memberID = memberID
    member.groupInstanceID = instanceID
    var request = LeaveGroupRequest()
    request.groupID = group
    request.members = [member]
    return try client.call(request, version: 5).members.first?.errorCode
  }

  // MARK: Rebalances

  /// Has `newcomers` join the members one by one, and each time all share the partitions anew.
  static func settle(
    _ members: [GroupMember] = [], joinedBy newcomers: [GroupMember], partitionCount: Int
  ) throws {
    var members = members
    for newcomer in newcomers {
      try newcomer.sendFirstJoin()
      for member in members { try member.awaitRebalance() }
      members.append(newcomer)
      try share(members, partitionCount)
    }
  }

  /// Has the members share the partitions anew once they are told to.
  static func settleAgain(_ members: [GroupMember], partitionCount: Int) throws {
    for member in members { try member.awaitRebalance() }
    try share(members, partitionCount)
  }

  private func sendFirstJoin() throws {
    if instanceID == nil {
      let response = try client.call(joinRequest, version: 9)
      guard response.errorCode == .memberIDRequired else { throw Surprise(response.errorCode) }
      memberID = response.memberID
    }
    try client.send(joinRequest, version: 9)
  }

  private func awaitRebalance() throws {
    while try heartbeat() != .rebalanceInProgress { sched_yield() }
    try client.send(joinRequest, version: 9)
  }

  private static func share(_ members: [GroupMember], _ partitionCount: Int) throws {
    for member in members {
      let response = try member.client.receive(
        answerTo: JoinGroupRequest.self, version: 9
      ).response
      guard response.errorCode == .none else { throw Surprise(response.errorCode) }
      member.memberID = response.memberID
      member.generation = response.generationID
      try member.client.send(member.syncRequest(response.members, partitionCount), version: 5)
    }
    for member in members {
      let response = try member.client.receive(
        answerTo: SyncGroupRequest.self, version: 5
      ).response
      guard response.errorCode == .none else { throw Surprise(response.errorCode) }
      member.assignment = response.assignment
    }
  }

  /// The leader, which is told the members, gives each a share of the partitions.
  private func syncRequest(
    _ members: [JoinGroupResponse.Member], _ partitionCount: Int
  ) -> SyncGroupRequest {
    var request = SyncGroupRequest()
    request.groupID = group
    request.memberID = memberID
    request.groupInstanceID = instanceID
    request.generationID = generation
    request.protocolType = "consumer"
    request.protocolName = "range"
    request.assignments = members.enumerated().map { index, member in
      var given = SyncGroupRequest.Assignment()
      given.memberID = member.memberID
      given.assignment = (0..<UInt8(partitionCount)).filter { Int($0) % members.count == index }
      return given
    }
    return request
  }

  struct Surprise: Error {
    let code: ErrorCode

    init(_ code: ErrorCode) {
      self.code = code
    }
  }
}

extension OffsetCommitRequest {
  /// A commit of a consumer that is no member of anything.
  init(
    _ offset: Int64, group: String = "group", topic: String = "log", partition index: Int32 = 0,
    metadata: String? = nil
  ) {
    self.init()
    groupID = group
    var partition = Partition()
    partition.index = index
    partition.committedOffset = offset
    partition.committedMetadata = metadata
    var target = Topic()
    target.name = topic
    target.partitions = [partition]
    topics = [target]
  }
}

extension OffsetFetchRequest {
  /// Asks for one partition, in the form before version 8.
  init(group: String = "group", topic: String = "log", partition: Int32 = 0) {
    self.init()
    groupID = group
    var asked = Topic()
    asked.name = topic
    asked.partitionIndexes = [partition]
    topics = [asked]
  }
}

extension RawClient {
  /// What a group has committed for a partition of the topic "log".
  func committed(
    group: String = "group", topic: String = "log", partition: Int32 = 0
  ) throws -> Int64? {
    let request = OffsetFetchRequest(group: group, topic: topic, partition: partition)
    return try call(request, version: 7).topics.first?.partitions.first?.committedOffset
  }

  /// Commits as one that is no member.
  func commit(_ request: OffsetCommitRequest) throws -> ErrorCode? {
    try call(request, version: 9).topics.first?.partitions.first?.errorCode
  }
}
