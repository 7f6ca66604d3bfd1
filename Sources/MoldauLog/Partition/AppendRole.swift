/// Who may append to a log: part of its append state, which guards it.
///
/// A log that never had a role takes every append. An append that was checked before a change of the
/// role and comes to the lock after it carries the epoch of the old one, and is refused.
enum AppendRole: Hashable, Sendable {
  /// The log of a broker, or of an embedding process, that shares it with nobody.
  case unshared
  /// The leader's, in this epoch: clients and coordinators append.
  case leader(epoch: Int32)
  /// A follower's, in the epoch of its leader: what the leader sent is appended.
  case follower(epoch: Int32)
  /// A replica that neither leads nor follows.
  case none

  /// Throws `notLeader` unless an append of this origin and epoch is the role's to take.
  func check(_ origin: AppendOrigin, epoch: Int32) throws(LogError) {
    let isTaken =
      switch self {
      case .unshared: true
      case .leader(let current): origin != .leader && current == epoch
      case .follower(let current): origin == .leader && current == epoch
      case .none: false
      }
    if !isTaken { throw .notLeader }
  }

  /// Throws `notLeader` unless the log follows in this epoch.
  func checkFollows(inEpoch epoch: Int32) throws(LogError) {
    guard self == .follower(epoch: epoch) else { throw .notLeader }
  }
}
