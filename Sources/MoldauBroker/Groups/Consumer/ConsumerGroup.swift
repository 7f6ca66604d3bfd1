/// A group of consumers whose partitions the broker assigns (KIP-848).
///
/// A pure state machine: heartbeats and the time go in; answers and records come out. Not
/// thread-safe; the coordinator holds a lock around it.
///
/// The group has an epoch, which grows with each change of what its members want or of the topics.
/// For the newest epoch there is a target assignment; each member is led towards its part of it by
/// the answers to its heartbeats: first it gives back what is not its any more, and only once it
/// has said so may another have it.
///
/// INVARIANT 1: a partition has at most one owner (`owners`), which has it among its assigned
/// partitions or among those it has to give back.
/// INVARIANT 2: no member's epoch is above the target's, nor the target's above the group's.
struct ConsumerGroup: Sendable {
  /// What the members' states come to, in Kafka's words.
  enum State: String, Sendable {
    case empty = "Empty"
    /// The target assignment is still that of an older epoch.
    case assigning = "Assigning"
    /// A member is on its way to the target assignment.
    case reconciling = "Reconciling"
    case stable = "Stable"
    case dead = "Dead"
  }

  /// A member's epoch as it joins.
  static let joining: Int32 = 0
  /// The epoch with which a member leaves for good.
  static let leaving: Int32 = -1
  /// The epoch with which a static member goes and means to come back.
  static let steppingAway: Int32 = -2

  let id: String
  let settings: ConsumerGroupSettings
  var epoch: Int32 = 0
  var targetEpoch: Int32 = 0
  var members: [String: ConsumerGroupMember] = [:]
  /// The ids of the static members, by their instance ids.
  var staticMembers: [String: String] = [:]
  /// What each member is to own, by its id.
  var target: [String: Set<GroupPartition>] = [:]
  /// Who owns a partition.
  var owners: [GroupPartition: String] = [:]
  /// The topics that members want and that there are, as of the group's epoch, by name.
  var topics: [String: SubscribableTopic] = [:]
  /// The version of the catalog that `topics` follows; nil when it has to be looked at.
  var topicsVersion: UInt64?
  /// The patterns of the members, by their text.
  var patterns: [String: ResolvedPattern] = [:]
  /// The search for what one of them matches that is not at its end.
  var patternPass: PatternPass?
  /// No member's deadline is before this.
  var earliestDeadline = Int64.max
  /// What is not in the log yet.
  var changes = ConsumerGroupChanges()
  /// What is in the log and not known to be durable, by the tokens of the writes.
  var inFlight: [Int32: ConsumerGroupChanges] = [:]
  var lastToken: Int32 = 0

  init(id: String, settings: ConsumerGroupSettings) {
    self.id = id
    self.settings = settings
  }

  var isEmpty: Bool { members.isEmpty }

  var state: State {
    if members.isEmpty { return .empty }
    if epoch > targetEpoch { return .assigning }
    return members.values.allSatisfy { $0.isReconciled(to: targetEpoch) } ? .stable : .reconciling
  }

  /// The assignor that most members ask for, the default when none is asked for.
  var assignor: ConsumerGroupAssignor {
    var votes: [ConsumerGroupAssignor: Int] = [:]
    for case let name? in members.values.lazy.map(\.assignor) {
      if let assignor = ConsumerGroupAssignor(rawValue: name) {
        votes[assignor, default: 0] += 1
      }
    }
    let ranged = votes[.range, default: 0]
    return ranged > votes[.uniform, default: 0] ? .range : .uniform
  }

  /// Whether a member wants this topic.
  func isSubscribed(to topic: String) -> Bool {
    members.values.contains { member in
      member.topicNames.contains(topic)
        || member.topicPattern.map { patterns[$0]?.names.contains(topic) ?? false } ?? false
    }
  }

  // MARK: Steps that keep the invariants

  /// Takes over what a member owns and how far it has come.
  mutating func store(_ member: ConsumerGroupMember) {
    let known = members[member.id]
    let isMoved =
      known?.assigned != member.assigned || known?.pendingRevocation != member.pendingRevocation
    if isMoved {
      if let known { release(known) }
      for partition in member.assigned.union(member.pendingRevocation) {
        let other = owners.updateValue(member.id, forKey: partition)
        precondition(other == nil, "a partition has one owner")
      }
    }
    let hasAdvanced =
      known?.epoch != member.epoch || known?.previousEpoch != member.previousEpoch
      || known?.state != member.state
    if isMoved || hasAdvanced { changes.currents.insert(member.id) }
    members[member.id] = member
  }

  /// Takes a member out, with all that it owns and was to own.
  mutating func remove(_ member: ConsumerGroupMember) {
    release(member)
    members[member.id] = nil
    if let instance = member.instanceID, staticMembers[instance] == member.id {
      staticMembers[instance] = nil
    }
    target[member.id] = nil
    changes.removed(member.id)
  }

  private mutating func release(_ member: ConsumerGroupMember) {
    for partition in member.assigned where owners[partition] == member.id {
      owners[partition] = nil
    }
    for partition in member.pendingRevocation where owners[partition] == member.id {
      owners[partition] = nil
    }
  }

  /// Starts another epoch: a new target assignment is due.
  mutating func bumpEpoch() {
    epoch += 1
    changes.isEpochChanged = true
  }

  /// Notes that a member's deadline may be this.
  mutating func noteDeadline(_ deadline: Int64) {
    earliestDeadline = min(earliestDeadline, deadline)
  }

  /// Checks the invariants above, in tests.
  func checkInvariants() {
    var count = 0
    for member in members.values {
      precondition(member.epoch <= targetEpoch, "a member is ahead of the target")
      precondition(
        member.assigned.isDisjoint(with: member.pendingRevocation), "a partition is in two sets")
      for partition in member.assigned.union(member.pendingRevocation) {
        precondition(owners[partition] == member.id, "an owner is not known")
        count += 1
      }
    }
    precondition(count == owners.count, "an owner is gone")
    precondition(targetEpoch <= epoch, "the target is ahead of the group")
    precondition(target.keys.allSatisfy { members[$0] != nil }, "a target has no member")
  }
}
