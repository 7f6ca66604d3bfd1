package import MoldauCluster
package import MoldauFormat
package import MoldauLog

/// The roles that the cluster gives (docs/replication.md). Called by one thread at a time.
extension Partition {
  package var role: PartitionRole { replicas == nil ? .standalone : .none }

  /// Leads in the image's epoch, which names this broker, or takes over a newer state of the epoch.
  /// A state that is older than the one that is known is ignored.
  ///
  /// - Parameter minInSyncReplicas: the topic's `min.insync.replicas`.
  package func lead(_ image: PartitionImage, minInSyncReplicas: Int) {
    preconditionFailure("not yet")
  }

  /// Follows the image's leader, or waits for one when there is none. An older state is ignored.
  package func follow(_ image: PartitionImage) {
    preconditionFailure("not yet")
  }

  /// Is neither leader nor follower any more. All who wait are answered so.
  package func resign() {
    preconditionFailure("not yet")
  }

  // MARK: For those who fetch from the leader

  /// Where to go on fetching; nil unless this broker follows.
  package var fetchPosition: FetchPosition? { nil }

  /// Takes over what the leader of `leaderEpoch` has said of its high watermark, after the records
  /// that came with it were appended; ignored when the role has changed.
  package func noteFetched(highWatermark: Offset, leaderEpoch: Int32) {
    preconditionFailure("not yet")
  }

  /// Says that a follower's log was cut: the high watermark is not above its end.
  package func noteTruncated() {
    preconditionFailure("not yet")
  }

  // MARK: High watermark

  /// All below it is committed: consumers see it, and it is never lost. Standalone: the log's end.
  package var highWatermark: Offset { log.endOffset }

  /// Calls `body` once when the high watermark is past `offset`, or when the role changes; at once
  /// when it already is. From any thread; `body` must be quick.
  package func whenVisible(
    passes offset: Offset, _ body: @escaping @Sendable () -> Void
  ) -> AppendObserver {
    log.whenEnd(passes: offset, body)
  }
}
