package import MoldauFormat

/// The committed offsets of a store's groups, as Kafka keeps them: records of the internal topic
/// `__consumer_offsets`, whose partition for a group follows from its name.
///
/// One cache for all who commit in a store that has its topics to itself: embedded consumers and the
/// broker's coordinator see each other's offsets. A partition is read when a group of it is first
/// asked for and kept up to date from then on. Thread-safe. Format: docs/format/group-offsets.md.
package final class GroupOffsets: Sendable {
  package static let topicName = "__consumer_offsets"

  /// A change of what is kept of a group.
  package enum Change: Hashable, Sendable {
    /// The group's offset for a partition; nil takes it back.
    case offset(TopicPartition, GroupOffsetValue?)
    /// Any other record of the group, whose bytes the cache does not look into; nil is a tombstone.
    case record(key: [UInt8], value: [UInt8]?)
  }

  let topic: Topic
  /// By partition of the topic.
  package let partitions: [CommittedOffsets]

  init(topic: Topic) {
    self.topic = topic
    partitions = (0..<topic.partitionCount).map { CommittedOffsets(topic: topic, number: $0) }
  }

  /// How the internal topic keeps its records.
  package static func configuration(
    partitionCount: Int = Limits.groupOffsetPartitions
  ) -> TopicConfiguration {
    TopicConfiguration(
      partitionCount: partitionCount, cleanupPolicy: .compact, retention: [],
      segmentBytes: Limits.groupOffsetSegmentBytes, maxBatchBytes: Limits.groupOffsetBatchBytes)
  }

  /// Creates or opens the internal topic. Blocks.
  static func open(in store: LogStore) throws(LogError) -> GroupOffsets {
    let configuration = configuration()
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

  /// The partition of the internal topic in which a group's records are.
  package static func partition(of group: String, partitionCount: Int) -> Int {
    // Java's String.hashCode: over UTF-16 units, wrapping.
    var hash: Int32 = 0
    for unit in group.utf16 { hash = hash &* 31 &+ Int32(unit) }
    return Int(hash & Int32.max) % partitionCount
  }

  /// The offsets of the partition in which a group's are.
  package func partition(of group: String) -> CommittedOffsets {
    partitions[Self.partition(of: group, partitionCount: partitions.count)]
  }

  // MARK: For embedded consumers

  /// Keeps a group's offset for a partition; returns when it is durable.
  ///
  /// - Precondition: the group's partition was loaded.
  func commit(
    _ offset: Offset, group: String, _ partition: TopicPartition
  ) async throws(LogError) {
    let value = GroupOffsetValue(
      offset: offset, commitTimestampMilliseconds: topic.services.clock.nowMilliseconds())
    let offsets = self.partition(of: group)
    let appended = try offsets.append([.offset(partition, value)], group: group)
    // SAFETY: `whenStored` calls its body once.
    let failure: LogError? = await unsafe withUnsafeContinuation { continuation in
      offsets.whenStored(appended) { failure in unsafe continuation.resume(returning: failure) }
    }
    if let failure { throw failure }
  }

  /// Takes back the offsets of a topic that is gone, of all groups, so that a topic that gets its
  /// name is not read from where the old one was left. Blocks.
  ///
  /// - Complexity: O(offsets of all groups).
  func forget(topic name: String) throws(LogError) {
    for offsets in partitions where topic.log(ofPartition: offsets.number) != nil {
      try offsets.load()
      let stale = offsets.partitions { $0 == name }
      // The next topic of the name may come at once: the cache must have forgotten by then.
      let signal = WakeSignal()
      for (group, partitions) in stale {
        let appended = try offsets.append(partitions.map { .offset($0, nil) }, group: group)
        offsets.whenStored(appended) { [logger = topic.services.logger] failure in
          if let failure { logger.error("offsets of \(name) may come back: \(failure)") }
          signal.wake()
        }
      }
      topic.services.commits.prepareToSleep()
      for _ in stale { signal.sleep() }
    }
  }
}
