public import MoldauFormat
import Synchronization

/// Reads a topic on behalf of a group and remembers how far the group has come.
///
///     let billing = try await store.consumer(group: "billing", topic: "orders")
///     while let batch = try await billing.nextBatch() {
///       for record in batch.records { charge(record) }
///       try await billing.commit(batch)
///     }
///
/// Begins at the group's committed offsets. What was handed out and not committed comes again after a
/// restart: at least once. Committed offsets are kept as Kafka keeps them, in the internal topic
/// `__consumer_offsets`, so that either can go on where the other stopped.
///
/// One task at a time may ask for batches; everything else is thread-safe. The partitions are the
/// ones that were named: consumers of one group in one process share a topic by naming different ones.
public final class Consumer: Sendable {
  struct State: Sendable {
    /// What is read, by partition.
    var readings: [LogReading]
    /// The partition whose turn it is.
    var turn = 0
    var isReading = false
    var isClosed = false
  }

  /// The name under which offsets are committed.
  public let group: String
  /// The topic that is read.
  public let topic: Topic
  /// The partitions that this consumer reads.
  public let partitions: [Int]
  let offsets: GroupOffsets
  let state: Mutex<State>

  init(
    group: String, topic: Topic, partitions: [Int], readings: [LogReading], offsets: GroupOffsets
  ) {
    self.group = group
    self.topic = topic
    self.partitions = partitions
    self.offsets = offsets
    state = Mutex(State(readings: readings))
  }

  // MARK: Committing

  /// Remembers that the group is done with the batch and all before it in its partition.
  ///
  /// As durable as the store's durability says when this returns.
  public func commit(_ batch: ConsumerBatch) async throws(LogError) {
    try await commit(offset: batch.nextOffset, partition: batch.partition)
  }

  /// Remembers that the group is done with the record and all before it in its partition.
  public func commit(through record: ConsumedRecord) async throws(LogError) {
    try await commit(offset: record.offset.advanced(by: 1), partition: record.partition)
  }

  /// Remembers the offset at which the group goes on in a partition.
  public func commit(offset: Offset, partition: Int) async throws(LogError) {
    _ = try topic.log(of: partition)
    try await offsets.commit(offset, group: group, key(partition))
  }

  /// The offset at which the group goes on in a partition; nil when it has committed none.
  public func committed(partition: Int) throws(LogError) -> Offset? {
    _ = try topic.log(of: partition)
    return offsets.partition(of: group).committed(group: group, key(partition))?.offset
  }

  /// How many records of its partitions the group has not committed yet.
  ///
  /// Offsets that compaction or transactions' markers take are counted as records.
  public func lag() throws(LogError) -> Int64 {
    var lag: Int64 = 0
    for partition in partitions {
      let log = try topic.log(of: partition)
      let committed = try committed(partition: partition) ?? log.startOffset
      lag += max(0, log.endOffset - max(committed, log.startOffset))
    }
    return lag
  }

  private func key(_ partition: Int) -> TopicPartition {
    TopicPartition(topic: topic.name, partition: Int32(partition))
  }
}
