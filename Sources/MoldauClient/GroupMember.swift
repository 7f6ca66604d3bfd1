package import MoldauFormat
package import MoldauProtocol

/// A consumer that is a member of a classic group, and shares its topics with the other members.
///
/// It knows the range assignor, eagerly: at each rebalance all partitions are given back first.
/// `keepUp` is to be called often, at least once in a session timeout; there is no thread behind.
/// Blocking; not for two threads at once.
package final class GroupMember {
  package struct Options: Sendable {
    package var group: String
    package var topics: [String]
    /// Without a heartbeat for this long, the coordinator gives the partitions to others.
    package var sessionTimeoutMilliseconds: Int32 = 45_000
    package var heartbeatIntervalMilliseconds: Int32 = 3_000
    /// How long a rebalance waits for members to join.
    package var rebalanceTimeoutMilliseconds: Int32 = 60_000

    package init(group: String, topics: [String]) {
      self.group = group
      self.topics = topics
    }
  }

  /// Whether the member may go on.
  package enum Standing: Equatable, Sendable {
    case isMember
    /// The group is being rebalanced: commit what was done, then `join`.
    case mustJoin
    /// The group has gone on without this member: what it has not committed others do again.
    case wasRemoved
  }

  private static let protocolType = "consumer"

  private let cluster: Cluster
  private let options: Options
  /// Milliseconds that never go back.
  private let now: () -> Int64
  private var memberID = ""
  private var generationID: Int32 = -1
  private var lastHeartbeat: Int64 = 0
  package private(set) var assignment: [TopicPartition] = []

  package init(cluster: Cluster, _ options: Options, now: @escaping () -> Int64) {
    self.cluster = cluster
    self.options = options
    self.now = now
  }

  // MARK: Joining

  /// Enters the group, or enters it anew; returns the partitions that are this member's now.
  ///
  /// Waits as long as the other members take, up to the rebalance timeout.
  package func join() throws(ClientError) -> [TopicPartition] {
    var attempt = 0
    while true {
      do throws(ClientError) {
        assignment = try joinOnce()
        lastHeartbeat = now()
        return assignment
      } catch {
        attempt += 1
        guard attempt < Limits.joinAttemptCount, recovers(from: error) else { throw error }
        if !isPartOfJoining(error) { cluster.pause(beforeAttempt: attempt) }
      }
    }
  }

  /// Prepares another attempt; false when another one would fail as well.
  private func recovers(from error: ClientError) -> Bool {
    switch error.refusalCode {
    case .unknownMemberID?, .illegalGeneration?:
      leaveGeneration(forgettingMember: true)
      return true
    case .memberIDRequired?, .rebalanceInProgress?:
      return true
    case .notCoordinator?, .coordinatorNotAvailable?:
      cluster.forgetCoordinator(of: options.group)
      return true
    case .coordinatorLoadInProgress?:
      return true
    default:
      return error.isRetriable
    }
  }

  private func isPartOfJoining(_ error: ClientError) -> Bool {
    switch error.refusalCode {
    case .memberIDRequired?, .rebalanceInProgress?, .unknownMemberID?: true
    default: false
    }
  }

  private func leaveGeneration(forgettingMember: Bool) {
    generationID = -1
    assignment = []
    if forgettingMember { memberID = "" }
  }

  private func joinOnce() throws(ClientError) -> [TopicPartition] {
    let coordinator = try cluster.coordinator(of: options.group)
    let joined = try coordinator.call(
      joinRequest(), waitMilliseconds: options.rebalanceTimeoutMilliseconds)
    // The first answer to a new member refuses it, and gives it its id (KIP-394).
    if joined.errorCode == .none || joined.errorCode == .memberIDRequired {
      memberID = joined.memberID
    }
    try coordinator.check(joined.errorCode, "a member of group \(options.group)")
    generationID = joined.generationID
    var request = SyncGroupRequest()
    request.groupID = options.group
    request.generationID = generationID
    request.memberID = memberID
    request.protocolType = Self.protocolType
    request.protocolName = joined.protocolName
    if joined.leader == memberID, !joined.skipsAssignment {
      request.assignments = try assignments(joined.members)
    }
    let synced = try coordinator.call(
      request, waitMilliseconds: options.rebalanceTimeoutMilliseconds)
    try coordinator.check(synced.errorCode, "a member of group \(options.group)")
    guard !synced.assignment.isEmpty else { return [] }
    do throws(ProtocolError) {
      return Self.partitions(try ConsumerProtocolAssignment(decoding: synced.assignment))
    } catch {
      throw coordinator.error(.malformedAnswer(api: .syncGroup, error))
    }
  }

  private func joinRequest() -> JoinGroupRequest {
    var subscription = ConsumerProtocolSubscription()
    subscription.topics = options.topics
    var assignor = JoinGroupRequest.GroupProtocol()
    assignor.name = RangeAssignor.name
    assignor.metadata = subscription.encoded(version: 1)
    var request = JoinGroupRequest()
    request.groupID = options.group
    request.sessionTimeoutMilliseconds = options.sessionTimeoutMilliseconds
    request.rebalanceTimeoutMilliseconds = options.rebalanceTimeoutMilliseconds
    request.memberID = memberID
    request.protocolType = Self.protocolType
    request.protocols = [assignor]
    return request
  }

  /// The leader's part: who gets what. A member whose subscription cannot be read gets nothing.
  private func assignments(
    _ members: [JoinGroupResponse.Member]
  ) throws(ClientError) -> [SyncGroupRequest.Assignment] {
    let subscribers = members.map { member in
      RangeAssignor.Subscriber(
        memberID: member.memberID, instanceID: member.groupInstanceID,
        topics: Self.topics(of: member))
    }
    let topics = Set(subscribers.flatMap(\.topics)).sorted()
    var partitionCounts: [String: Int] = [:]
    for topic in try cluster.metadata(topics: topics).topics where topic.errorCode == .none {
      if let name = topic.name { partitionCounts[name] = topic.partitions.count }
    }
    let assigned = RangeAssignor.assign(subscribers, partitionCounts: partitionCounts)
    return assigned.sorted { $0.key < $1.key }.map { memberID, partitions in
      var message = ConsumerProtocolAssignment()
      message.assignedPartitions = TopicPartition.grouped(partitions).map { topic, indexes in
        var found = ConsumerProtocolPartitions()
        found.topic = topic
        found.partitions = indexes
        return found
      }
      var assignment = SyncGroupRequest.Assignment()
      assignment.memberID = memberID
      assignment.assignment = message.encoded(version: 1)
      return assignment
    }
  }

  private static func topics(of member: JoinGroupResponse.Member) -> [String] {
    do throws(ProtocolError) {
      return try ConsumerProtocolSubscription(decoding: member.metadata).topics
    } catch {
      return []
    }
  }

  /// The partitions of an assignment, by topic and number.
  package static func partitions(_ assignment: ConsumerProtocolAssignment) -> [TopicPartition] {
    assignment.assignedPartitions.flatMap { topic in
      topic.partitions.map { TopicPartition(topic: topic.topic, partition: $0) }
    }.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
  }

  // MARK: Being a member

  /// Sends a heartbeat when one is due, and says whether the member may go on.
  package func keepUp() throws(ClientError) -> Standing {
    guard generationID >= 0 else { return .mustJoin }
    guard now() - lastHeartbeat >= Int64(options.heartbeatIntervalMilliseconds) else {
      return .isMember
    }
    var request = HeartbeatRequest()
    request.groupID = options.group
    request.generationID = generationID
    request.memberID = memberID
    let code: ErrorCode
    do throws(ClientError) {
      code = try cluster.coordinator(of: options.group).call(request).errorCode
    } catch {
      // The next heartbeat finds the coordinator again, or its absence.
      guard error.isRetriable else { throw error }
      cluster.forgetCoordinator(of: options.group)
      return .isMember
    }
    lastHeartbeat = now()
    return try standing(code, "a heartbeat in group \(options.group)")
  }

  /// Commits how far the member has come.
  ///
  /// Returns `wasRemoved` when the offsets were refused since the group has gone on.
  package func commit(_ offsets: [TopicPartition: Offset]) throws(ClientError) -> Standing {
    guard !offsets.isEmpty, generationID >= 0 else { return .isMember }
    do throws(ClientError) {
      try cluster.retrying { () throws(ClientError) in
        do throws(ClientError) {
          try cluster.coordinator(of: options.group).commit(
            offsets, group: options.group, memberID: memberID, generationID: generationID)
        } catch {
          if error.isRetriable { cluster.forgetCoordinator(of: options.group) }
          throw error
        }
      }
      return .isMember
    } catch {
      guard let code = error.refusalCode else { throw error }
      return try standing(code, "offsets of group \(options.group)")
    }
  }

  private func standing(_ code: ErrorCode, _ what: String) throws(ClientError) -> Standing {
    switch code {
    case .none:
      return .isMember
    case .rebalanceInProgress:
      return .mustJoin
    case .unknownMemberID, .illegalGeneration, .fencedInstanceID:
      leaveGeneration(forgettingMember: code != .illegalGeneration)
      return .wasRemoved
    case .notCoordinator, .coordinatorNotAvailable, .coordinatorLoadInProgress:
      cluster.forgetCoordinator(of: options.group)
      return .isMember
    default:
      throw try cluster.anyBroker().error(.refused(what: what, code, explanation: nil))
    }
  }

  /// Returns what the group has committed of the partitions assigned.
  package func committedOffsets() throws(ClientError) -> [TopicPartition: Offset] {
    let offsets = try cluster.retrying { () throws(ClientError) in
      try cluster.coordinator(of: options.group).committedOffsets(of: options.group)
    }
    return offsets.filter { assignment.contains($0.key) }
  }

  /// Leaves the group, so that others get its partitions at once.
  package func leave() throws(ClientError) {
    guard !memberID.isEmpty else { return }
    var member = LeaveGroupRequest.Member()
    member.memberID = memberID
    var request = LeaveGroupRequest()
    request.groupID = options.group
    request.memberID = memberID
    request.members = [member]
    let coordinator = try cluster.coordinator(of: options.group)
    let code = try coordinator.call(request).errorCode
    leaveGeneration(forgettingMember: true)
    guard code != .unknownMemberID else { return }
    try coordinator.check(code, "to leave group \(options.group)")
  }
}
