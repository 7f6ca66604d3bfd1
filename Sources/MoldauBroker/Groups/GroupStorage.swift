import MoldauFormat
import MoldauLog
import MoldauProtocol

/// How records of one partition of the internal topic become committed, after they were appended.
///
/// A store that has its partitions to itself asks the device (`StoreGroupStorage`); in a cluster the
/// leader's high watermark says it. Thread-safe.
protocol GroupStorage: Sendable {
  /// What keeps records from being appended now, if something does.
  var refusal: GroupStorageFailure? { get }

  /// Calls `body` with what becomes of all below `offset`: once, or once more after `delayed`. At once
  /// when that is known; else from any thread, where it must be quick.
  ///
  /// What was appended in one leadership is never said to be committed after that has ended.
  func whenCommitted(
    below offset: Offset, _ body: @escaping @Sendable (GroupStorageOutcome) -> Void)

  /// Takes note that records could not be written.
  func noteFailedAppend(_ error: LogError)
}

extension GroupStorage {
  func noteFailedAppend(_ error: LogError) {}
}

/// What becomes of records of groups.
enum GroupStorageOutcome: Hashable, Sendable {
  case committed
  /// They may be committed yet: another outcome comes.
  case delayed(GroupStorageFailure)
  case failed(GroupStorageFailure)
}

/// Why records of groups are not kept, or not known to be.
struct GroupStorageFailure: Error, Hashable, Sendable {
  /// How a member is told, as Kafka tells it.
  let code: ErrorCode
  /// For the log of the broker.
  let reason: String

  init(_ code: ErrorCode, _ reason: String) {
    self.code = code
    self.reason = reason
  }

  init(_ error: LogError) {
    self.init(ErrorCode(groupStorage: error), "\(error)")
  }

  /// The client finds the coordinator anew and tries again.
  static let notCoordinator = GroupStorageFailure(
    .notCoordinator, "another broker coordinates the group")
  /// Too few replicas are in sync: the client tries again.
  static let notEnoughReplicas = GroupStorageFailure(
    .coordinatorNotAvailable, "not enough replicas are in sync")
  /// Written, but not committed in time: it may be yet. The client tries again.
  static let timedOut = GroupStorageFailure(
    .coordinatorNotAvailable, "the replicas have not confirmed it in time")
}

/// Of a store that has its partitions to itself: what is as durable as the topic asks for is
/// committed.
struct StoreGroupStorage: GroupStorage {
  let offsets: CommittedOffsets

  var refusal: GroupStorageFailure? { nil }

  func whenCommitted(
    below offset: Offset, _ body: @escaping @Sendable (GroupStorageOutcome) -> Void
  ) {
    offsets.whenDurable(below: offset) { failure in
      body(failure.map { .failed(GroupStorageFailure($0)) } ?? .committed)
    }
  }
}
