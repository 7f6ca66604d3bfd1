package import MoldauFormat
import Synchronization

/// What the replicas of a partition need of its log (docs/replication.md).
extension PartitionLog {
  // MARK: Fencing

  /// Lets clients and coordinators append in this leader epoch, and nobody else.
  ///
  /// Notes that the epoch begins at the log's end, even before anything is written in it (KIP-101).
  package func lead(inEpoch epoch: Int32) {
    noteHighWatermark(checkpointedHighWatermark)
    whileAppendable { state in
      state.role = .leader(epoch: epoch)
      state.epochs.note(epoch, from: state.nextOffset)
    }
  }

  /// Lets only what the leader of this epoch has sent be appended.
  package func follow(inEpoch epoch: Int32) {
    noteHighWatermark(checkpointedHighWatermark)
    whileAppendable { $0.role = .follower(epoch: epoch) }
  }

  /// Lets nobody append: the replica neither leads nor follows.
  package func resign() {
    noteHighWatermark(checkpointedHighWatermark)
    whileAppendable { $0.role = .none }
  }

  // MARK: Following

  /// The epoch of the last batch and the offset that the next one gets: what a follower's fetch says.
  package var epochAndEnd: (latestEpoch: Int32, end: Offset) {
    state.withLock { ($0.epochs.latest ?? -1, $0.nextOffset) }
  }

  // MARK: High watermark

  /// Notes that all below `offset` is committed: no replica that may lead is without it.
  ///
  /// Retention and compaction leave alone what lies at or above it. A lower one than before is ignored,
  /// for what was committed stays so; a truncation alone lowers it.
  package func noteHighWatermark(_ offset: Offset) {
    _ = watermarkCounter.max(offset.rawValue, ordering: .acquiringAndReleasing)
  }

  /// The high watermark that the last run has left, at most the log's end and at least its start.
  package var checkpointedHighWatermark: Offset { startOffset }
}
