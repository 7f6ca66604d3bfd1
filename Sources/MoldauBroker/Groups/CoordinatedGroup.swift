import MoldauLog
import MoldauProtocol

/// The protocol that a group's members speak, as clients name it.
enum GroupType: String, Sendable {
  /// Members agree on an assignment by JoinGroup and SyncGroup.
  case classic
  /// The broker assigns partitions by ConsumerGroupHeartbeat (KIP-848).
  case consumer
}

/// A moment, by both of the coordinator's clocks, in milliseconds.
struct GroupTime: Hashable, Sendable {
  /// For waits: only goes forward.
  var steady: Int64
  /// For what is written: since 1970-01-01 00:00 UTC.
  var wall: Int64
}

/// Stands for a request that waits for its group.
typealias GroupWaitID = UInt64

/// The answer to a request that has waited for its group.
enum GroupAnswer: Sendable {
  case join(JoinGroupResponse)
  case sync(SyncGroupResponse)
  /// The group is no longer looked after here.
  case refused(ErrorCode)
}

/// What a change of a group asks its coordinator to do.
struct GroupEffects: Sendable {
  /// Is to be written to the group's partition, as one batch.
  var records: [GroupOffsets.Change] = []
  /// When set, the group's `recordsStored` is called with it once the records are durable, or could
  /// not be made so.
  var storageToken: Int32?
  /// Go out at once: what has to wait for the records is to be told when they are stored.
  var answers: [(wait: GroupWaitID, answer: GroupAnswer)] = []
}

/// Who commits offsets or asks for them.
struct GroupCommitter: Hashable, Sendable {
  /// Empty from one that is no member.
  var memberID: String
  var instanceID: String?
  /// The generation of a classic group, the member's epoch in a consumer group; −1 from one that is
  /// no member.
  var epoch: Int32
}

/// When the offsets of a group go (KIP-211).
enum OffsetExpiry: Hashable, Sendable {
  /// Never: all are in use.
  case never
  /// All of them, counted from when the group lost its last member.
  case since(wallMilliseconds: Int64)
  /// Each by itself, counted from its commit: nobody is a member.
  case byCommit
  /// Each by itself, counted from its commit, but for the topics that members read.
  case unsubscribed
}

/// A group that the coordinator looks after: a state machine with no clock, lock or thread inside.
///
/// The coordinator calls it with the group's lock held, one call at a time, writes the records that
/// it asks for in their order, and calls `timePassed` when its deadline has come. If records cannot be
/// written, the group in memory is ahead of the log: the requests that asked for them are refused.
protocol CoordinatedGroup: Sendable {
  static var type: GroupType { get }

  /// The state as clients know it: "Empty", "Stable" and so on.
  var stateName: String { get }
  /// What the members' metadata is, "consumer" from consumers; empty when nothing has said so.
  var protocolType: String { get }
  var memberCount: Int { get }
  /// Whether the group is not to be deleted or replaced.
  var hasMembers: Bool { get }
  /// Whether nothing would be lost with the group but its committed offsets.
  var isForgettable: Bool { get }
  /// When, on the steady clock, `timePassed` wants to be called; may be early, never late.
  ///
  /// - Complexity: O(1), since it is looked at after each change.
  var nextDeadline: Int64? { get }
  var offsetExpiry: OffsetExpiry { get }
  /// What removes from the log all that is kept of the group but its offsets.
  var tombstones: [GroupOffsets.Change] { get }

  /// Does what is due.
  mutating func timePassed(_ now: GroupTime, _ effects: inout GroupEffects)

  /// Is told that the records of `GroupEffects.storageToken` are durable, or why they are not.
  mutating func recordsStored(
    _ token: Int32, failure: ErrorCode?, _ now: GroupTime, _ effects: inout GroupEffects)

  /// What is wrong with a commit by `committer`; a member that may commit has given a sign of life.
  mutating func checkCommit(by committer: GroupCommitter, _ now: GroupTime) -> ErrorCode

  /// What is wrong with a request for offsets by `committer`.
  func checkFetch(by committer: GroupCommitter) -> ErrorCode

  /// Whether a member reads the topic, or may do so.
  func isSubscribed(to topic: String) -> Bool
}

extension CoordinatedGroup {
  var hasMembers: Bool { memberCount > 0 }
}
