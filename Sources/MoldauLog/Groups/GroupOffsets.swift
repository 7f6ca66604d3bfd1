package import MoldauFormat
import Synchronization

/// The committed offsets of a store's groups, as Kafka keeps them: records of the internal topic
/// `__consumer_offsets`, whose partition for a group follows from its name.
///
/// One cache for all who commit: embedded consumers and the broker's coordinator see each other's
/// offsets. A partition is read when a group of it is first asked for and kept up to date from then
/// on; only what is durable is shown. The memory is bounded by what is committed. Thread-safe; a
/// lock for each partition. Format: docs/format/group-offsets.md.
package final class GroupOffsets: Sendable {
  package static let topicName = "__consumer_offsets"

  /// What the cache knows of one partition for one group.
  struct Entry: Sendable {
    /// Nil when nothing durable is committed.
    var value: GroupOffsetValue?
    /// Where the newest durable record is: a later one counts.
    var position = Offset(rawValue: -1)
    /// Records that were appended and are not durable yet. The entry stays for their sake, or an
    /// older one that is told of late would bring back what a newer one has deleted.
    var unsettledCount = 0
  }

  /// The offsets of the groups that belong to one partition of the topic.
  final class Shard: Sendable {
    let groups = Mutex<[String: [TopicPartition: Entry]]>([:])
    /// Whether the partition was read. The lock keeps two readers apart.
    let isLoaded = Mutex(false)
  }

  let topic: Topic
  let shards: [Shard]

  init(topic: Topic) {
    self.topic = topic
    shards = (0..<topic.partitionCount).map { _ in Shard() }
  }

  /// Creates or opens the internal topic. Blocks.
  static func open(in store: LogStore) throws(LogError) -> GroupOffsets {
    let configuration = TopicConfiguration(
      partitionCount: Limits.groupOffsetPartitions, cleanupPolicy: .compact, retention: [],
      segmentBytes: Limits.groupOffsetSegmentBytes, maxBatchBytes: Limits.groupOffsetBatchBytes)
    var topic = store.existingTopic(topicName)
    if let topic, !topic.configuration.cleanupPolicy.compacts {
      // Someone else has made it, or Kafka, whose directories do not say how a topic is kept: its
      // records must not go by age.
      try store.alterTopic(topic, configuration)
    } else if topic == nil {
      do throws(LogError) {
        topic = try store.createTopic(topicName, configuration)
      } catch .topicExists {
        topic = store.existingTopic(topicName)
      }
    }
    guard let topic else { throw .closed }
    return GroupOffsets(topic: topic)
  }

  // MARK: Where groups belong

  /// The partitions of the internal topic.
  package var partitionCount: Int { shards.count }

  /// The partition of the internal topic in which a group's records are.
  package func partition(of group: String) -> Int {
    Self.partition(of: group, partitionCount: partitionCount)
  }

  static func partition(of group: String, partitionCount: Int) -> Int {
    // Java's String.hashCode: over UTF-16 units, wrapping.
    var hash: Int32 = 0
    for unit in group.utf16 { hash = hash &* 31 &+ Int32(unit) }
    return Int(hash & Int32.max) % partitionCount
  }

  func shard(of group: String) -> Shard { shards[partition(of: group)] }

  // MARK: Reading

  /// What a group has committed for a partition.
  ///
  /// - Precondition: the group's partition was loaded.
  package func committed(group: String, _ partition: TopicPartition) -> GroupOffsetValue? {
    shard(of: group).groups.withLock { $0[group]?[partition]?.value }
  }

  /// All that a group has committed, in the order of topics and partitions.
  ///
  /// - Precondition: the group's partition was loaded.
  package func committed(
    group: String
  ) -> [(partition: TopicPartition, value: GroupOffsetValue)] {
    let entries = shard(of: group).groups.withLock { $0[group] } ?? [:]
    return entries.compactMap { partition, entry in
      entry.value.map { (partition, $0) }
    }
    .sorted { ($0.partition.topic, $0.partition.partition) < ($1.0.topic, $1.0.partition) }
  }

  /// Whether anything is kept of the group, also what is not durable yet.
  ///
  /// - Precondition: the group's partition was loaded.
  package func hasOffsets(group: String) -> Bool {
    shard(of: group).groups.withLock { $0[group] != nil }
  }

  /// The partitions for which something is kept of the group, also what is not durable yet.
  ///
  /// - Precondition: the group's partition was loaded.
  package func partitions(of group: String) -> [TopicPartition] {
    shard(of: group).groups.withLock { $0[group].map { Array($0.keys) } ?? [] }
  }

  /// The groups that have offsets in a partition of the internal topic, in no order.
  package func groups(inPartition number: Int) -> [String] {
    shards[number].groups.withLock { Array($0.keys) }
  }

  // MARK: For embedded consumers

  /// Keeps a group's offset for a partition; returns when it is durable.
  func commit(
    _ offset: Offset, group: String, _ partition: TopicPartition
  ) async throws(LogError) {
    let value = GroupOffsetValue(
      offset: offset, commitTimestampMilliseconds: topic.services.clock.nowMilliseconds())
    let appended = try append([.offset(partition, value)], group: group)
    // SAFETY: `whenStored` calls its body once.
    let failure: LogError? = await unsafe withUnsafeContinuation { continuation in
      whenStored(appended) { failure in unsafe continuation.resume(returning: failure) }
    }
    if let failure { throw failure }
  }
}
