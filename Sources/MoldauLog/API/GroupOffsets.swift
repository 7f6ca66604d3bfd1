import MoldauFormat
import Synchronization

/// The committed offsets of a store's groups, as Kafka keeps them: records of the internal topic
/// `__consumer_offsets`, whose partition for a group follows from its name.
///
/// A partition is read when a group of it is first asked for and kept up to date from then on.
/// Thread-safe. Format: docs/format/group-offsets.md.
final class GroupOffsets: Sendable {
  static let topicName = "__consumer_offsets"

  private struct Key: Hashable, Sendable {
    var group: String
    var partition: TopicPartition
  }

  private struct Entry: Sendable {
    /// Nil for one that was taken back.
    var offset: Offset?
    /// Where the record is: a later one counts.
    var position: Offset
  }

  private let topic: Topic
  private let durability: Durability
  private let entries = Mutex<[Key: Entry]>([:])
  /// By partition: whether it was read. The lock keeps two readers apart.
  private let loaded: Mutex<[Bool]>

  init(topic: Topic, durability: Durability) {
    self.topic = topic
    self.durability = durability
    loaded = Mutex(Array(repeating: false, count: topic.partitionCount))
  }

  /// Creates or opens the internal topic. Blocks.
  static func open(in store: LogStore) throws(LogError) -> GroupOffsets {
    let configuration = TopicConfiguration(
      partitionCount: Limits.groupOffsetPartitions, cleanupPolicy: .compact, retention: [],
      segmentBytes: Limits.groupOffsetSegmentBytes)
    var topic = store.existingTopic(topicName)
    if topic == nil {
      do throws(LogError) {
        topic = try store.createTopic(topicName, configuration)
      } catch .topicExists {
        topic = store.existingTopic(topicName)
      }
    }
    guard let topic else { throw .closed }
    return GroupOffsets(topic: topic, durability: store.configuration.durability)
  }

  /// The partition of the internal topic in which a group's offsets are.
  static func partition(of group: String, partitionCount: Int) -> Int {
    // Java's String.hashCode: over UTF-16 units, wrapping.
    var hash: Int32 = 0
    for unit in group.utf16 { hash = hash &* 31 &+ Int32(unit) }
    return Int(hash & Int32.max) % partitionCount
  }

  private func log(of group: String) -> PartitionLog {
    topic.partitions[Self.partition(of: group, partitionCount: topic.partitionCount)]
  }

  /// Reads the group's partition if that was not done. Blocks.
  func load(group: String) throws(LogError) {
    let log = log(of: group)
    let number = Int(log.identity.partition)
    try loaded.withLock { (loaded) throws(LogError) in
      guard !loaded[number] else { return }
      var failure: FormatError?
      try topic.scan(from: .earliest, partition: number) { record in
        do throws(FormatError) { try self.apply(record) } catch { failure = failure ?? error }
      }
      if let failure {
        topic.services.logger.error("\(log.identity): an offset cannot be read: \(failure)")
      }
      loaded[number] = true
    }
  }

  private func apply(_ record: borrowing RecordView) throws(FormatError) {
    guard let keyBytes = record.key, case .offset(let key) = try GroupRecordKey(parsing: keyBytes)
    else { return }
    var offset: Offset?
    if let value = record.value { offset = try GroupOffsetValue(parsing: value).offset }
    note(Key(group: key.group, partition: key.partition), offset, at: record.offset)
  }

  private func note(_ key: Key, _ offset: Offset?, at position: Offset) {
    entries.withLock { entries in
      if let known = entries[key], known.position >= position { return }
      entries[key] = Entry(offset: offset, position: position)
    }
  }

  /// The offset that a group has committed for a partition.
  ///
  /// - Precondition: the group was loaded.
  func committed(group: String, _ partition: TopicPartition) -> Offset? {
    entries.withLock { $0[Key(group: group, partition: partition)]?.offset }
  }

  /// Keeps a group's offset for a partition; returns when it is durable.
  func commit(
    _ offset: Offset, group: String, _ partition: TopicPartition
  ) async throws(LogError) {
    let now = topic.services.clock.nowMilliseconds()
    let record = Record(
      key: GroupOffsetKey(group: group, partition: partition).encode(),
      value: GroupOffsetValue(offset: offset, commitTimestampMilliseconds: now).encode(),
      timestampMilliseconds: now)
    let number = Int(log(of: group).identity.partition)
    let position = try await topic.append(record, partition: number, durability: durability)
    note(Key(group: group, partition: partition), offset, at: position)
  }
}
