package import MoldauFormat

/// What a follower's append has come to.
package struct FollowerAppend: Hashable, Sendable {
  /// The offset that the next record gets.
  package var endOffset: Offset
  /// The bytes of the batches that were appended.
  package var byteCount: Int
}

extension PartitionLog {
  /// Appends batches as a leader sent them, one after another, and keeps their bytes as they are.
  ///
  /// A part of a batch at the end is left alone. On an error the batches before the one at fault are
  /// in the log, as its end tells.
  ///
  /// - Parameter expected: where the fetch began; the log must end there still. Without it the
  ///   batches must follow each other and the log without a gap unless the topic may have them.
  /// - Throws: `notLeader` unless the log follows in this epoch; `offsetOutOfRange` when it does not
  ///   end at `expected`; `invalidBatch`, `diskFull`, `io`, `poisoned`, `closed`.
  package func appendFromLeader(
    _ bytes: RawSpan, at expected: Offset? = nil, epoch: Int32
  ) throws(LogError) -> FollowerAppend {
    preconditionFailure("not yet")
  }

  /// As `truncate(to:)` for the log of a follower: `notLeader` unless it follows in this epoch. An
  /// offset below the log's start resets it.
  package func truncate(to offset: Offset, epoch: Int32) throws(LogError) {
    preconditionFailure("not yet")
  }

  /// Where a follower truncates its log when the leader says that its largest epoch at or below the
  /// follower's last is `epoch`, and ends at `end`: the least of this log's own end of its largest epoch
  /// at or below `epoch`, of `end`, and of the log's end (KIP-279).
  package func truncationOffset(ofDivergingEpoch epoch: Int32, end: Offset) -> Offset {
    preconditionFailure("not yet")
  }

  /// Drops all records; the log goes on at `offset`, where it then begins: the leader's log begins
  /// behind this one's end.
  ///
  /// A crash leaves the log as it was or an empty one at `offset`. Durable when it returns.
  /// - Throws: `notLeader` unless the log follows in this epoch.
  package func reset(to offset: Offset, epoch: Int32) throws(LogError) {
    preconditionFailure("not yet")
  }

  /// Moves the log's start up to the leader's. At once for readers; segments go later, by the
  /// maintenance thread.
  ///
  /// - Throws: `notLeader` unless the log follows in this epoch; `offsetOutOfRange` when the log ends
  ///   below `offset`, so that it has to be reset.
  package func raiseStart(to offset: Offset, epoch: Int32) throws(LogError) {
    preconditionFailure("not yet")
  }
}
