import MoldauFormat
package import MoldauLog
import MoldauProtocol

/// A partition in this broker's directory.
package final class Partition: Sendable {
  package let log: PartitionLog
  /// What it is in a cluster; nil in a broker that stands alone, where it always leads.
  let replica: Replica?
  /// On a single node no leadership ever ends, so the epoch is the one of the newest batch: nothing
  /// in a directory that came from elsewhere is above it.
  private let standaloneEpoch: Int32

  init(_ log: PartitionLog, of topic: Topic, _ replicas: Replicas? = nil) {
    self.log = log
    replica = replicas.map { Replica(log, of: topic, $0) }
    standaloneEpoch = max(0, log.latestLeaderEpoch)
  }

  package var index: Int32 { log.identity.partition }

  package var role: PartitionRole { replica?.role ?? .standalone }

  /// The epoch of the newest leadership that this broker knows of, its own or another's.
  package var leaderEpoch: Int32 { replica?.leaderEpoch ?? standaloneEpoch }

  /// The epoch in which this broker leads; nil when it does not.
  ///
  /// HOT: once per partition of a produce request: one atomic load in a cluster, none without.
  package var leadingEpoch: Int32? {
    guard let replica else { return standaloneEpoch }
    return replica.leadingEpoch
  }

  /// A client's batch is refused, as another broker leads or too few replicas are in sync: what an
  /// idempotent producer has sent behind it is not to be taken, or called out of order, when that has
  /// changed meanwhile (docs/decisions/idempotent-producers.md).
  func noteRefused(_ batch: RawSpan) {
    log.noteRefused(batch, leaderEpoch: replica?.followedEpoch)
  }

  /// What is wrong with the epoch that a client takes for the current one, −1 is one that has none;
  /// or with asking this broker, when another leads.
  func refusal(ofEpoch epoch: Int32) -> ErrorCode? {
    guard let replica else { return Self.refusal(of: epoch, current: standaloneEpoch) }
    return replica.refusal(ofEpoch: epoch)
  }

  /// What is wrong with an epoch that is said to be the current one; −1 says nothing.
  static func refusal(of epoch: Int32, current: Int32) -> ErrorCode? {
    guard epoch >= 0, epoch != current else { return nil }
    return epoch < current ? .fencedLeaderEpoch : .unknownLeaderEpoch
  }

  /// The greatest epoch at or below `epoch` and the offset at which it ended, the log's end for the
  /// current one; nil for an epoch that is yet to come or that the log no longer knows (KIP-279).
  func end(ofEpoch epoch: Int32) -> (epoch: Int32, end: Offset)? {
    let current = leaderEpoch
    if epoch == current { return (epoch, log.endOffset) }
    guard epoch >= 0, epoch < current else { return nil }
    return log.endOffset(ofEpoch: epoch)
  }
}
