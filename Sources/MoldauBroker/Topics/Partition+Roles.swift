package import MoldauCluster
package import MoldauFormat
package import MoldauLog

/// What a partition is told in a cluster, and what of it can be seen (docs/replication.md). The roles
/// are given by one thread at a time, and only in a cluster.
extension Partition {
  /// Leads in the image's epoch, which names this broker, or takes over a newer state of the epoch.
  /// A state that is older than the one that is known is ignored.
  ///
  /// - Parameter minInSyncReplicas: the topic's `min.insync.replicas`; a new one is taken over with a
  ///   state that is known, too.
  package func lead(_ image: PartitionImage, minInSyncReplicas: Int) {
    clusterReplica.lead(image, minInSyncReplicas: minInSyncReplicas)
  }

  /// Follows the image's leader, or waits for one when there is none. An older state is ignored.
  package func follow(_ image: PartitionImage) {
    clusterReplica.follow(image)
  }

  /// Is neither leader nor follower any more. All who wait are answered so.
  package func resign() {
    clusterReplica.resign()
  }

  // MARK: For those who fetch from the leader

  /// Where to go on fetching; nil unless this broker follows.
  package var fetchPosition: FetchPosition? { replica?.fetchPosition }

  /// Takes over what the leader of `leaderEpoch` has said of its high watermark, after the records
  /// that came with it were appended; ignored when the role has changed.
  package func noteFetched(highWatermark: Offset, leaderEpoch: Int32) {
    clusterReplica.noteFetched(highWatermark: highWatermark, leaderEpoch: leaderEpoch)
  }

  /// Says that the log of a follower was cut: the high watermark is not above its end.
  package func noteTruncated() {
    clusterReplica.noteTruncated()
  }

  // MARK: High watermark

  /// All below it is committed: consumers see it, and it is never lost. Standalone: the log's end.
  package var highWatermark: Offset { replica?.highWatermark ?? log.endOffset }

  /// Calls `body` once when the high watermark is past `offset`, when the role changes, or when the
  /// log closes; at once when it already is past. From any thread; `body` must be quick.
  package func whenVisible(
    passes offset: Offset, _ body: @escaping @Sendable () -> Void
  ) -> AppendObserver {
    guard let replica else { return log.whenEnd(passes: offset, body) }
    return replica.whenVisible(passes: offset, body)
  }

  /// Calls `body` once when all below `next`, which was appended here in `epoch`, is committed, or
  /// when this broker cannot say so any more; at once when that is known. Standalone: when it is
  /// durable. From any thread; `body` must be quick.
  package func whenCommitted(
    below next: Offset, inEpoch epoch: Int32,
    _ body: @escaping @Sendable (CommitVerdict) -> Void
  ) {
    guard let replica else {
      log.whenDurable(below: next) { result in
        if case .failure(let error) = result { body(.failed(error)) } else { body(.committed) }
      }
      return
    }
    replica.whenCommitted(below: next, inEpoch: epoch, body)
  }

  private var clusterReplica: Replica {
    guard let replica else { preconditionFailure("roles are given in a cluster") }
    return replica
  }
}
