package import MoldauLog

/// What became of records that were appended by a leader and wait for the other replicas.
package enum CommitVerdict: Equatable, Sendable {
  /// All in-sync replicas have them: they stay.
  case committed
  /// This broker leads no longer; the records may or may not stay.
  case leadershipLost
  /// Fewer are in sync than `min.insync.replicas`: they are committed when enough are again.
  case tooFewReplicas
  /// The log could not keep them.
  case failed(LogError)
}
