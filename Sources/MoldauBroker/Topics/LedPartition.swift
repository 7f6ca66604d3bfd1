package import MoldauFormat

/// A partition as metrics show it: by the broker that leads it.
package struct LedPartition: Hashable, Sendable {
  package var number: Int32
  package var startOffset: Offset
  /// What consumers see ends here.
  package var highWatermark: Offset
  package var replicaCount: Int
  package var inSyncCount: Int
  /// Whether the leader is the first of the replicas.
  package var isPreferred: Bool
}

extension Broker {
  /// The partitions of a hosted topic that are led here, in the order of their numbers.
  package func ledPartitions(of topic: HostedTopic) -> [LedPartition] {
    let image = replicas?.image.topics[topic.topic.name]
    return topic.partitions.compactMap { partition in
      guard partition.leadingEpoch != nil else { return nil }
      let state = image?.partition(partition.index)
      return LedPartition(
        number: partition.index, startOffset: partition.log.startOffset,
        highWatermark: partition.highWatermark, replicaCount: state?.replicas.count ?? 1,
        inSyncCount: state?.isr.count ?? 1,
        isPreferred: state.map { $0.replicas.first == identity.nodeID } ?? true)
    }
  }

  /// The topics of which this broker's directory has something, in the order of their names.
  package var hostedTopics: [HostedTopic] { topics.all.filter { !$0.partitions.isEmpty } }

  /// The brokers that are up, as far as this one knows.
  package var liveBrokerCount: Int { replicas?.image.brokers.count ?? 1 }

  /// Whether this broker is the controller; nil when it stands alone.
  package var isController: Bool? { member.map { $0.controller?.isActive ?? false } }
}
