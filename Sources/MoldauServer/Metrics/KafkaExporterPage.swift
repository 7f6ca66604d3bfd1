import MoldauBroker
import MoldauFormat

/// The families of `/metrics` under the names of kafka_exporter, which dashboards know.
///
/// A partition is shown by the broker that leads it, so that the pages of all brokers add up.
enum KafkaExporterPage {
  static func write(_ broker: Broker, to text: inout PrometheusText) {
    text.single("kafka_brokers", .gauge, "Brokers in the cluster.", broker.liveBrokerCount)
    let topics = broker.hostedTopics.map { ($0.topic, broker.ledPartitions(of: $0)) }
    text.family("kafka_topic_partitions", .gauge, "Partitions of a topic.")
    for (topic, _) in topics {
      text.sample("kafka_topic_partitions", [("topic", topic.name)], topic.partitionCount)
    }
    for family in partitionFamilies {
      text.family("kafka_topic_partition_\(family.name)", .gauge, family.help)
      for (topic, partitions) in topics {
        for partition in partitions {
          text.sample(
            "kafka_topic_partition_\(family.name)",
            [("partition", "\(partition.number)"), ("topic", topic.name)],
            family.value(partition, broker.identity.nodeID))
        }
      }
    }
    writeGroups(broker, to: &text)
  }

  private struct PartitionFamily: Sendable {
    let name: String
    let help: String
    let value: @Sendable (LedPartition, _ nodeID: Int32) -> Int64
  }

  private static let partitionFamilies = [
    PartitionFamily(name: "current_offset", help: "The offset of the next record.") {
      partition, _ in
      partition.highWatermark.rawValue
    },
    PartitionFamily(name: "oldest_offset", help: "The offset of the first record.") {
      partition, _ in
      partition.startOffset.rawValue
    },
    PartitionFamily(name: "in_sync_replica", help: "Replicas that are in sync.") { partition, _ in
      Int64(partition.inSyncCount)
    },
    PartitionFamily(name: "leader", help: "The number of the leading broker.") { _, nodeID in
      Int64(nodeID)
    },
    PartitionFamily(name: "leader_is_preferred", help: "1: the leader is the preferred one.") {
      partition, _ in
      partition.isPreferred ? 1 : 0
    },
    PartitionFamily(name: "replicas", help: "Replicas of the partition.") { partition, _ in
      Int64(partition.replicaCount)
    },
    PartitionFamily(
      name: "under_replicated_partition", help: "1: some replicas are not in sync."
    ) { partition, _ in
      partition.inSyncCount < partition.replicaCount ? 1 : 0
    },
  ]

  // MARK: Groups

  /// What is shown of one committed offset.
  private struct Position {
    var group: String
    var topic: String
    var partition: Int32
    var offset: Int64
    var lag: Int64
  }

  private static func writeGroups(_ broker: Broker, to text: inout PrometheusText) {
    let groups = broker.groupSummaries()
    text.family("moldau_groups", .gauge, "Consumer groups by their state.")
    for (state, members) in Dictionary(grouping: groups, by: \.state).sorted(by: { $0.key < $1.key }
    ) {
      text.sample("moldau_groups", [("state", state)], members.count)
    }
    text.family("kafka_consumergroup_members", .gauge, "Members of a group.")
    for group in groups {
      text.sample("kafka_consumergroup_members", [("consumergroup", group.name)], group.memberCount)
    }
    let positions = groups.flatMap { group in
      group.offsets.compactMap {
        partition, offset -> Position? in
        guard let log = broker.log(of: partition) else { return nil }
        return Position(
          group: group.name, topic: partition.topic, partition: partition.partition,
          offset: offset.rawValue, lag: lag(behind: log.endOffset.rawValue, at: offset.rawValue))
      }
    }
    write(positions, "current_offset", "The offset that a group has committed.", \.offset, &text)
    write(positions, "lag", "Records behind the offset that a group has committed.", \.lag, &text)
  }

  /// Clients commit what they like, offsets far outside of the log too.
  private static func lag(behind end: Int64, at offset: Int64) -> Int64 {
    max(0, end.subtractingClamped(offset))
  }

  /// One family by partition, and one of its sums by topic.
  private static func write(
    _ positions: [Position], _ name: String, _ help: String, _ value: KeyPath<Position, Int64>,
    _ text: inout PrometheusText
  ) {
    let family = "kafka_consumergroup_\(name)"
    text.family(family, .gauge, help)
    for position in positions {
      text.sample(
        family,
        [
          ("consumergroup", position.group), ("partition", "\(position.partition)"),
          ("topic", position.topic),
        ], position[keyPath: value])
    }
    text.family("\(family)_sum", .gauge, "\(help) All partitions of a topic.")
    var index = positions.startIndex
    while index < positions.endIndex {
      let first = positions[index]
      var sum: Int64 = 0
      while index < positions.endIndex, positions[index].group == first.group,
        positions[index].topic == first.topic
      {
        sum = sum.addingClamped(positions[index][keyPath: value])
        index += 1
      }
      text.sample(
        "\(family)_sum", [("consumergroup", first.group), ("topic", first.topic)], sum)
    }
  }
}
