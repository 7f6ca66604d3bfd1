/// How the replicas of a broker are, in numbers.
package struct ReplicationSummary: Hashable, Sendable {
  /// Partitions that are led here.
  package var ledCount = 0
  /// Of these, those of which a replica is not in sync.
  package var underReplicatedCount = 0
  /// Of these, those that refuse `acks=all`, since fewer are in sync than `min.insync.replicas`.
  package var underMinISRCount = 0
  /// Partitions with a replica here that nobody leads.
  package var offlineCount = 0
  /// Replicas that the cluster counted on and that were not all there when the broker was opened.
  package var lostCount = 0
  /// Changes of in-sync replicas of partitions that were led here, since the start.
  package var shrinkCount: Int
  package var expansionCount: Int
}
