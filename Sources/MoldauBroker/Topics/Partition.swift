import MoldauFormat
package import MoldauLog
import MoldauProtocol

/// A partition in this broker's directory.
package final class Partition: Sendable {
  package let log: PartitionLog
  /// The epoch of this broker's leadership. On a single node no leadership ever ends, so it is the
  /// one of the newest batch: nothing in a directory that came from elsewhere is above it.
  package let leaderEpoch: Int32
  /// What it shares with the broker's other partitions; nil without a cluster.
  let replicas: Replicas?

  init(_ log: PartitionLog, _ replicas: Replicas? = nil) {
    self.log = log
    self.replicas = replicas
    leaderEpoch = max(0, log.latestLeaderEpoch)
  }

  package var index: Int32 { log.identity.partition }

  /// What is wrong with the epoch that a client takes for the current one; −1 is one that has none.
  func refusal(ofEpoch epoch: Int32) -> ErrorCode? {
    guard epoch >= 0, epoch != leaderEpoch else { return nil }
    return epoch < leaderEpoch ? .fencedLeaderEpoch : .unknownLeaderEpoch
  }

  /// The greatest epoch at or below `epoch` and the offset at which it ended, the log's end for the
  /// current one; nil for an epoch that is yet to come or that the log no longer knows (KIP-279).
  func end(ofEpoch epoch: Int32) -> (epoch: Int32, end: Offset)? {
    if epoch == leaderEpoch { return (epoch, log.endOffset) }
    guard epoch >= 0, epoch < leaderEpoch else { return nil }
    return log.endOffset(ofEpoch: epoch)
  }
}
