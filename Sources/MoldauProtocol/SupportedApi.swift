/// A request that this build reads and writes, and in which versions.
package struct SupportedApi: Equatable, Sendable {
  package let key: ApiKey
  /// The versions that can be read and written.
  package let versions: ClosedRange<Int16>
  /// The first version with compact lengths and tagged fields; `.max` when there is none.
  package let flexibleSince: Int16
  /// The lowest version that ApiVersions announces; only Produce's is not `versions.lowerBound`.
  package let advertisedMinimum: Int16

  init(
    _ key: ApiKey, _ versions: ClosedRange<Int16>, flexibleSince: Int16,
    advertisedMinimum: Int16? = nil
  ) {
    self.key = key
    self.versions = versions
    self.flexibleSince = flexibleSince
    self.advertisedMinimum = advertisedMinimum ?? versions.lowerBound
  }

  /// Those that clients may use, by ascending key: what ApiVersions announces.
  ///
  /// Produce announces version 0, as Kafka 4 does: without it librdkafka (kcat 1.7.1 tried) silently
  /// sends uncompressed what should be gzip, snappy or lz4 (KAFKA-18659). It then sends the
  /// highest version that both know, so versions 0 to 2 are not served.
  ///
  /// ListOffsets, OffsetCommit, CreateTopics, DeleteTopics and DescribeConfigs are served in older
  /// versions than Kafka 4 serves (KIP-896): clients that write batches of the current format, such
  /// as sarama 1.22, and tools that watch groups' lag ask in these alone.
  package static let all: [SupportedApi] = [
    SupportedApi(.produce, 3...13, flexibleSince: 9, advertisedMinimum: 0),
    SupportedApi(.fetch, 4...18, flexibleSince: 12),
    SupportedApi(.listOffsets, 0...10, flexibleSince: 6),
    SupportedApi(.metadata, 0...13, flexibleSince: 9),
    SupportedApi(.offsetCommit, 1...10, flexibleSince: 8),
    SupportedApi(.offsetFetch, 1...10, flexibleSince: 6),
    SupportedApi(.findCoordinator, 0...6, flexibleSince: 3),
    SupportedApi(.joinGroup, 0...9, flexibleSince: 6),
    SupportedApi(.heartbeat, 0...4, flexibleSince: 4),
    SupportedApi(.leaveGroup, 0...5, flexibleSince: 4),
    SupportedApi(.syncGroup, 0...5, flexibleSince: 4),
    SupportedApi(.describeGroups, 0...6, flexibleSince: 5),
    SupportedApi(.listGroups, 0...5, flexibleSince: 3),
    SupportedApi(.apiVersions, 0...4, flexibleSince: 3),
    SupportedApi(.createTopics, 0...7, flexibleSince: 5),
    SupportedApi(.deleteTopics, 0...6, flexibleSince: 4),
    SupportedApi(.deleteRecords, 0...2, flexibleSince: 2),
    SupportedApi(.initProducerID, 0...5, flexibleSince: 2),
    SupportedApi(.offsetForLeaderEpoch, 2...4, flexibleSince: 4),
    SupportedApi(.describeConfigs, 0...4, flexibleSince: 4),
    SupportedApi(.alterConfigs, 0...2, flexibleSince: 2),
    SupportedApi(.describeLogDirs, 1...4, flexibleSince: 2),
    SupportedApi(.createPartitions, 0...3, flexibleSince: 2),
    SupportedApi(.deleteGroups, 0...2, flexibleSince: 2),
    SupportedApi(.electLeaders, 0...2, flexibleSince: 2),
    SupportedApi(.incrementalAlterConfigs, 0...1, flexibleSince: 1),
    SupportedApi(.alterPartitionReassignments, 0...1, flexibleSince: 0),
    SupportedApi(.listPartitionReassignments, 0...0, flexibleSince: 0),
    SupportedApi(.offsetDelete, 0...0, flexibleSince: .max),
    SupportedApi(.describeQuorum, 0...2, flexibleSince: 0),
    SupportedApi(.describeCluster, 0...2, flexibleSince: 0),
    SupportedApi(.consumerGroupHeartbeat, 0...1, flexibleSince: 0),
    SupportedApi(.consumerGroupDescribe, 0...1, flexibleSince: 0),
    SupportedApi(.listConfigResources, 0...1, flexibleSince: 0),
    SupportedApi(.describeTopicPartitions, 0...0, flexibleSince: 0),
  ]

  /// Those that only brokers of the cluster use among themselves, never announced: brokers of one
  /// cluster know what the others speak (docs/format/inter-broker.md).
  package static let peers: [SupportedApi] = [
    SupportedApi(.controlledShutdown, 3...3, flexibleSince: 3),
    SupportedApi(.alterPartition, 2...3, flexibleSince: 0),
    SupportedApi(.fetchClusterImage, 0...0, flexibleSince: 0),
  ]

  /// Returns what is supported of `key`, or nil when nothing is.
  package static func of(_ key: ApiKey) -> SupportedApi? {
    let index = Int(key.rawValue)
    return index < byKey.count ? byKey[index] : peers.first { $0.key == key }
  }

  /// Kafka's keys, which follow each other; Moldau's own are far above.
  private static let byKey: [SupportedApi?] = {
    var table = [SupportedApi?](repeating: nil, count: Int(highestKafkaKey.rawValue) + 1)
    for api in all + peers where api.key.rawValue < table.count {
      table[Int(api.key.rawValue)] = api
    }
    return table
  }()

  private static let highestKafkaKey = ApiKey.describeTopicPartitions

  package func isFlexible(_ version: Int16) -> Bool { version >= flexibleSince }
}
