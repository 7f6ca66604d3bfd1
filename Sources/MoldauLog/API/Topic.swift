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
  private let table: PartitionTable
  let services: StoreServices
  let defaultDurability: Durability
  private let current: Mutex<TopicConfiguration>
  private let currentPlan: Atomic<Int>
  /// Takes records without a key around the partitions.
  private let nextPartition = Atomic<Int>(0)

  /// `partitions` has a place for each number; nil where the partition is not in this store.
  init(
    name: String, id: TopicID, configuration: TopicConfiguration, partitions: [PartitionLog?],
    services: StoreServices, defaultDurability: Durability
  ) {
    self.name = name
    self.id = id
    table = PartitionTable(partitions)
    self.services = services
    self.defaultDurability = defaultDurability
    current = Mutex(configuration)
    currentPlan = Atomic(Self.plan(configuration, defaultDurability).rawValue)
  }

  /// The number of partitions. It can grow.
  public var partitionCount: Int { table.count }

  /// The logs of the partitions, in the order of their numbers; those of a directory that another
  /// broker of a cluster shares in are the ones that are in it.
  ///
  /// - Complexity: O(*n*); `log(ofPartition:)` finds one of them.
  package var partitions: [PartitionLog] { table.logs }

  /// The log of the partition of this number; nil when there is none in this store. Takes no lock.
  package func log(ofPartition number: Int) -> PartitionLog? { table[number] }

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

  /// Takes over more partitions and the configuration that has them; under the lock for changes to
  /// topics.
  func grow(by logs: [PartitionLog], _ configuration: TopicConfiguration) {
    table.append(logs)
    current.withLock { $0 = configuration }
  }

  /// Takes over logs of other brokers' partitions, and the configuration that says how many the topic
  /// has; under the lock for changes to topics.
  func host(_ logs: [PartitionLog], _ configuration: TopicConfiguration) {
    let added = configuration.partitionCount - table.count
    if added > 0 { table.append([PartitionLog?](repeating: nil, count: added)) }
    for log in logs { table.set(log, at: Int(log.identity.partition)) }
    current.withLock { $0 = configuration }
  }

  /// Lets logs go; under the lock for changes to topics.
  func drop(_ logs: [PartitionLog]) {
    for log in logs { table.remove(at: Int(log.identity.partition)) }
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
      let count = partitionCount
      guard count == 1 else {
        throw .invalidConfiguration(
          setting: "partition", reason: "\(name) has \(count) of them; name one")
      }
      return try log(of: 0)
    }
    guard let log = table[partition] else {
      throw .unknownPartition(
        TopicPartition(topic: name, partition: Int32(clamping: partition)))
    }
    return log
  }

  /// The log for a record: the one that is named, else the key's, else each in turn.
  func log(for key: [UInt8]?, _ partition: Int?) throws(LogError) -> PartitionLog {
    if let partition { return try log(of: partition) }
    let count = partitionCount
    if count == 1 { return try log(of: 0) }
    if let key {
      // SAFETY: bytes have no padding between them.
      let number = unsafe KeyPartitioner.partition(of: key.span.bytes, partitionCount: count)
      return try log(of: number)
    }
    for _ in 0..<count {
      if let log = table[nextInTurn(of: count)] { return log }
    }
    throw .unknownPartition(TopicPartition(topic: name, partition: 0))
  }

  private func nextInTurn(of count: Int) -> Int {
    let next = nextPartition.wrappingAdd(1, ordering: .relaxed).oldValue
    return Int(UInt(bitPattern: next) % UInt(count))
  }
}
