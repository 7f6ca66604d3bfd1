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

  /// The latest epoch and the offset that the next record gets: what a follower's fetch says.
  ///
  /// Where recovery has found offsets missing, as if the log ended there: a follower gets them from its
  /// leader.
  package var epochAndEnd: (latestEpoch: Int32, end: Offset) {
    state.withLock { state in
      if let missing = state.firstMissing {
        return (state.epochs.lastEpoch(before: missing) ?? -1, missing)
      }
      return (state.epochs.latest ?? -1, state.nextOffset)
    }
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
  package var checkpointedHighWatermark: Offset {
    let found = Offset(rawValue: foundWatermark.load(ordering: .acquiring))
    return max(startOffset, min(found, endOffset))
  }

  /// Takes over what opening found in the checkpoint.
  func noteFound(highWatermark: Offset) {
    foundWatermark.store(highWatermark.rawValue, ordering: .releasing)
    if services.isReplicated { noteHighWatermark(checkpointedHighWatermark) }
  }

  /// The high watermark, at most the log's end; nil where nobody has noted one.
  var highWatermark: Offset? {
    let noted = watermarkCounter.load(ordering: .acquiring)
    return noted < 0 ? nil : min(Offset(rawValue: noted), endOffset)
  }

  /// The log was cut to `end`.
  func lowerHighWatermark(to end: Offset) {
    _ = watermarkCounter.min(end.rawValue, ordering: .acquiringAndReleasing)
    _ = foundWatermark.min(end.rawValue, ordering: .acquiringAndReleasing)
  }
}
