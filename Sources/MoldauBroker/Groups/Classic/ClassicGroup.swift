import MoldauFormat
import MoldauLog
import MoldauProtocol

/// A group whose members agree on an assignment themselves: they join, one of them, the leader, is
/// told who is there and says who gets what, and all learn it by SyncGroup.
///
///     Empty ──join──▶ PreparingRebalance ──all have joined, or time is up──▶ CompletingRebalance
///       ▲                ▲        │                                            │            │
///       └──none is left──┼────────┘            the assignment is durable       │            │
///                        ├──join, leave, silence── Stable ◀────────────────────┘            │
///                        └──────────────────join, leave, silence, no assignment─────────────┘
///
/// `beginRebalance` makes the edges into PreparingRebalance, `completeJoin` those out of it,
/// `recordsStored` the one into Stable. Behaves as the coordinator of Kafka 3.8.
///
/// INVARIANT: in Empty there are no members, and in all states
/// 1. `joinedCount` is the number of members that wait for their join;
/// 2. joins wait in PreparingRebalance only, syncs in CompletingRebalance only;
/// 3. the leader is a member, and static members are members under the id that `staticMembers` has.
struct ClassicGroup: CoordinatedGroup {
  static let type = GroupType.classic

  enum State: String, Sendable {
    case empty = "Empty"
    case preparingRebalance = "PreparingRebalance"
    case completingRebalance = "CompletingRebalance"
    case stable = "Stable"
  }

  /// How long members are waited for.
  struct Rebalance: Sendable {
    var deadline: Int64
    /// For the first generation only: how much longer the wait may become as members come, in
    /// milliseconds, and whether one has come since it was last looked at.
    var initial: (remaining: Int64, hasNewMember: Bool)?
  }

  /// What is being written and who waits for it.
  enum Storing: Sendable {
    case assignment(generation: Int32, [String: [UInt8]])
    case staticMember(GroupWaitID, JoinGroupResponse)
  }

  let id: String
  let configuration: GroupConfiguration
  var state = State.empty
  var stateTimestampMilliseconds: Int64 = -1
  var generation: Int32 = 0
  var memberProtocolType: String?
  var protocolName: String?
  var leaderID: String?
  var members: [String: ClassicMember] = [:]
  /// Member ids by instance id.
  var staticMembers: [String: String] = [:]
  /// Those who got an id and have not joined with it, and when they are forgotten.
  var pendingMembers: [String: Int64] = [:]
  /// How many members know a protocol.
  var protocolCounts: [String: Int] = [:]
  /// The topics that the members read; nil when it is not known.
  var subscribedTopics: Set<String>?
  var joinedCount = 0
  /// What the members have said of themselves, in bytes: an answer to the leader has no more.
  private(set) var byteCount = 0
  var lastOrder = 0
  var rebalance: Rebalance?
  /// When members are let go that have not asked for their assignment.
  var syncDeadline: Int64?
  var storing: [Int32: Storing] = [:]
  var lastStorageToken: Int32 = 0
  /// Whether the log has a record of the group.
  var isStored = false
  var nextDeadline: Int64?

  init(id: String, _ configuration: GroupConfiguration) {
    self.id = id
    self.configuration = configuration
  }

  // MARK: What the coordinator asks

  var stateName: String { state.rawValue }
  var protocolType: String { memberProtocolType ?? "" }
  var memberCount: Int { members.count }

  /// What is still being written keeps the group as a member does: it is told of it.
  var hasMembers: Bool { !members.isEmpty || !storing.isEmpty }

  var isForgettable: Bool { !hasMembers && pendingMembers.isEmpty && !isStored }

  var tombstones: [GroupOffsets.Change] {
    isStored ? [.record(key: GroupMetadataKey(group: id).encode(), value: nil)] : []
  }

  /// Whether the members are consumers, whose metadata can be read.
  var isOfConsumers: Bool { memberProtocolType == "consumer" }

  var offsetExpiry: OffsetExpiry {
    switch state {
    case .empty:
      guard memberProtocolType != nil, stateTimestampMilliseconds >= 0 else { return .byCommit }
      return .since(wallMilliseconds: stateTimestampMilliseconds)
    case .stable where isOfConsumers && subscribedTopics != nil: return .unsubscribed
    default: return .never
    }
  }

  func isSubscribed(to topic: String) -> Bool {
    guard !members.isEmpty else { return false }
    return subscribedTopics?.contains(topic) ?? true
  }

  mutating func checkCommit(by committer: GroupCommitter, _ now: GroupTime) -> ErrorCode {
    if committer.epoch < 0, members.isEmpty { return .none }
    let isMember =
      committer.epoch >= 0 || !committer.memberID.isEmpty || committer.instanceID != nil
    guard isMember else { return .unknownMemberID }
    if let code = refusal(of: committer.memberID, committer.instanceID) { return code }
    guard committer.epoch == generation else { return .illegalGeneration }
    // It knows the generation but not what it is to read.
    if state == .completingRebalance { return .rebalanceInProgress }
    restartSession(of: committer.memberID, now)
    return .none
  }

  func checkFetch(by _: GroupCommitter) -> ErrorCode { .none }

  // MARK: Members

  /// What is wrong with the ids that a member names itself by.
  func refusal(of memberID: String, _ instanceID: String?) -> ErrorCode? {
    if let instanceID {
      guard let known = staticMembers[instanceID] else { return .unknownMemberID }
      if known != memberID { return .fencedInstanceID }
    }
    return members[memberID] == nil ? .unknownMemberID : nil
  }

  /// The members in the order in which they came.
  var membersInOrder: [ClassicMember] { members.values.sorted { $0.order < $1.order } }

  /// Whether there is a protocol that all members and the new one know.
  func supports(_ type: String, _ protocols: [JoinGroupRequest.GroupProtocol]) -> Bool {
    guard !members.isEmpty else { return !type.isEmpty && !protocols.isEmpty }
    return type == memberProtocolType
      && protocols.contains { protocolCounts[$0.name] == members.count }
  }

  /// Notes a sign of life.
  mutating func restartSession(of memberID: String, _ now: GroupTime) {
    guard let timeout = members[memberID]?.sessionTimeoutMilliseconds else { return }
    members[memberID]?.deadline = now.steady + timeout
    wake(at: now.steady + timeout)
  }

  mutating func wake(at deadline: Int64) {
    nextDeadline = min(nextDeadline ?? deadline, deadline)
  }

  mutating func add(_ member: ClassicMember) {
    if members.isEmpty { leaderID = nil }
    members[member.id] = member
    if let instanceID = member.instanceID { staticMembers[instanceID] = member.id }
    count(member.protocols, 1)
    byteCount += member.nameByteCount
    if leaderID == nil { leaderID = member.id }
  }

  /// Takes a member out and answers what it waits for.
  mutating func remove(_ memberID: String, _ effects: inout GroupEffects) {
    guard let member = members.removeValue(forKey: memberID) else { return }
    if let wait = member.joinWait {
      joinedCount -= 1
      effects.answers.append((wait, .join(Self.refusedJoin(.unknownMemberID))))
    }
    if let wait = member.syncWait {
      effects.answers.append((wait, .sync(Self.refusedSync(.unknownMemberID))))
    }
    if let instanceID = member.instanceID, staticMembers[instanceID] == memberID {
      staticMembers[instanceID] = nil
    }
    count(member.protocols, -1)
    byteCount -= member.nameByteCount
    if leaderID == memberID { leaderID = members.values.min { $0.order < $1.order }?.id }
  }

  mutating func count(_ protocols: [JoinGroupRequest.GroupProtocol], _ step: Int) {
    for name in Set(protocols.map(\.name)) {
      let count = protocolCounts[name, default: 0] + step
      protocolCounts[name] = count == 0 ? nil : count
    }
    byteCount += step * protocols.byteCount
  }

  // MARK: Answers

  static func refusedJoin(_ code: ErrorCode, memberID: String = "") -> JoinGroupResponse {
    var response = JoinGroupResponse()
    response.errorCode = code
    response.memberID = memberID
    return response
  }

  static func refusedSync(_ code: ErrorCode) -> SyncGroupResponse {
    var response = SyncGroupResponse()
    response.errorCode = code
    return response
  }
}
