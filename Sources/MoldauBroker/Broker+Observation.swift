package import MoldauFormat
package import MoldauLog

/// What metrics and health checks ask. From any thread; none of it waits for a disk.
extension Broker {
  /// Fetch sessions that are remembered.
  package var fetchSessionCount: Int { sessions.count }

  /// Whether all requests are served: what the directory holds of groups was read, and a member of a
  /// cluster does what that has given it to do.
  package var isReady: Bool { groups.hasRead && member?.isReady ?? true }

  /// The groups, in the order of their names.
  package func groupSummaries() -> [GroupSummary] { groups.summaries() }

  /// How this broker's replicas are; nil when it stands alone.
  package func replicationSummary() -> ReplicationSummary? {
    guard let replicas, let member else { return nil }
    var summary = replicas.summary()
    summary.lostCount = member.lostCount
    return summary
  }

  /// A partition in the broker's directory, if there is one.
  package func partition(_ topic: String, _ number: Int32) -> Partition? {
    topics.topic(named: topic)?.partition(number)
  }

  /// The log of a partition, if there is one.
  package func log(of partition: TopicPartition) -> PartitionLog? {
    topics.topic(named: partition.topic)?.partition(partition.partition)?.log
  }
}
