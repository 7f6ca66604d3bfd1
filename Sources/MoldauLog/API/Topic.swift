public import MoldauFormat
import Synchronization

/// A named set of partitions in a store.
///
/// Thread-safe. Gotten from `LogStore.topic`. Where a call takes a partition it is a number from 0
/// on; a topic of one partition needs none named.
public final class Topic: Sendable {
  /// The name, unique in the store.
  public let name: String
  /// Tells the topic from others that had its name before.
  public let id: TopicID
  package let partitions: [PartitionLog]
  let services: StoreServices
  let defaultDurability: Durability
  private let current: Mutex<TopicConfiguration>
  private let currentPlan: Atomic<Int>
  /// Takes records without a key around the partitions.
  private let nextPartition = Atomic<Int>(0)

  init(
    name: String, id: TopicID, configuration: TopicConfiguration, partitions: [PartitionLog],
    services: StoreServices, defaultDurability: Durability
  ) {
    self.name = name
    self.id = id
    self.partitions = partitions
    self.services = services
    self.defaultDurability = defaultDurability
    current = Mutex(configuration)
    currentPlan = Atomic(Self.plan(configuration, defaultDurability).rawValue)
  }

  /// The number of partitions, fixed when the topic is created.
  public var partitionCount: Int { partitions.count }

  /// How the topic keeps its records now.
  public var configuration: TopicConfiguration { current.withLock { $0 } }

  /// What an acknowledged append of this topic survives.
  public var durability: Durability { configuration.durability ?? defaultDurability }

  /// How appends go that say nothing of their own.
  var plan: AppendPlan { AppendPlan(rawValue: currentPlan.load(ordering: .relaxed)) }

  private static func plan(
    _ configuration: TopicConfiguration, _ durability: Durability
  ) -> AppendPlan {
    AppendPlan(
      durability: configuration.durability ?? durability, codec: configuration.compression.codec)
  }

  /// Takes over a configuration that was checked and written.
  func apply(_ configuration: TopicConfiguration) {
    current.withLock { $0 = configuration }
    currentPlan.store(Self.plan(configuration, defaultDurability).rawValue, ordering: .relaxed)
    let settings = AppendSettings(configuration)
    for log in partitions { log.state.withLock { $0.settings = settings } }
  }

  /// Takes the segments out of the logs that the retention lets go at the time `now`.
  func retireSegments(now: Int64) -> [RetiredSegments] {
    let configuration = configuration
    return partitions.compactMap { $0.retireSegments(configuration, now: now) }
  }

  // MARK: Offsets

  /// The offset of the first record that is still there.
  public func firstOffset(partition: Int? = nil) throws(LogError) -> Offset {
    try log(of: partition).startOffset
  }

  /// The offset that the next record gets.
  public func endOffset(partition: Int? = nil) throws(LogError) -> Offset {
    try log(of: partition).endOffset
  }

  /// The offset below which all records survive a power cut.
  public func durableOffset(partition: Int? = nil) throws(LogError) -> Offset {
    try log(of: partition).durableOffset
  }

  /// The offset of the first record with this timestamp or a later one, in milliseconds since
  /// 1970-01-01 00:00 UTC, also where timestamps are out of order; `nil` when all are earlier.
  public func offset(
    atOrAfter timestampMilliseconds: Int64, partition: Int? = nil
  ) async throws(LogError) -> Offset? {
    let log = try log(of: partition)
    return try await services.readers.run { () throws(LogError) in
      try log.firstOffset(atOrAfter: timestampMilliseconds)?.offset
    }
  }

  // MARK: Partitions

  /// The log that a reader names; a topic of one partition needs no number.
  func log(of partition: Int?) throws(LogError) -> PartitionLog {
    guard let partition else {
      guard partitions.count == 1 else {
        throw .invalidConfiguration(
          setting: "partition", reason: "\(name) has \(partitions.count) of them; name one")
      }
      return partitions[0]
    }
    guard partitions.indices.contains(partition) else {
      throw .unknownPartition(
        TopicPartition(topic: name, partition: Int32(clamping: partition)))
    }
    return partitions[partition]
  }

  /// The log for a record: the one that is named, else the key's, else each in turn.
  func log(for key: [UInt8]?, _ partition: Int?) throws(LogError) -> PartitionLog {
    if partition == nil && partitions.count == 1 { return partitions[0] }
    if partition != nil { return try log(of: partition) }
    return partitions[choosePartition(key)]
  }

  /// The partition that a record with this key goes to when none is named.
  func choosePartition(_ key: [UInt8]?) -> Int {
    if let key { return KeyPartitioner.partition(of: key, partitionCount: partitions.count) }
    let next = nextPartition.wrappingAdd(1, ordering: .relaxed).oldValue
    return Int(UInt(bitPattern: next) % UInt(partitions.count))
  }
}
