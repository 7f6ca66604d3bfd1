import MoldauCompression
import MoldauDisk
import MoldauFormat

@testable import MoldauLog

/// A compacted topic on a simulated disk, what random writers did to it, and what a plain model says
/// of that.
final class CompactedHistory {
  final class Transaction {
    var isOpen = true
    var isAborted = false
  }

  struct ModelRecord {
    var offset: Offset
    var key: String
    /// `nil` for a tombstone.
    var value: String?
    var timestampMilliseconds: Int64
    var transaction: Transaction?
    /// When it was written.
    var writtenMilliseconds: Int64

    var isAborted: Bool { transaction?.isAborted ?? false }
    var isDecided: Bool { !(transaction?.isOpen ?? false) }
  }

  private struct Producer {
    var epoch: Int16 = 0
    var nextSequence: Int32 = 0
    var transaction: Transaction?
  }

  static let tombstoneRetentionMilliseconds: Int64 = 1000
  static let configuration = TopicConfiguration(
    cleanupPolicy: .compact, segmentBytes: 1024, indexIntervalBytes: 100, deleteDelay: .zero,
    tombstoneRetention: .milliseconds(tombstoneRetentionMilliseconds))

  let clock: ModelClock
  private(set) var disk: SimulatedDisk
  private(set) var store: LogStore
  private(set) var records: [ModelRecord] = []
  private var producers: [Int64: Producer] = [:]
  private var generator: SeededGenerator
  private let keyCount: Int
  private let compactionMemoryBytes: Int
  private var valueCount = 0
  /// A pass that was cut short may have come up to here.
  private var mayBeCompactedTo = Offset.zero

  init(seed: UInt64, keyCount: Int = 12, compactionMemoryBytes: Int = 32 << 20) throws {
    generator = SeededGenerator(seed: seed)
    self.keyCount = keyCount
    self.compactionMemoryBytes = compactionMemoryBytes
    clock = ModelClock()
    disk = SimulatedDisk()
    store = try Self.open(disk, clock, compactionMemoryBytes)
    _ = try store.createTopic("orders", Self.configuration)
  }

  static func open(
    _ disk: SimulatedDisk, _ clock: ModelClock, _ compactionMemoryBytes: Int = 32 << 20
  ) throws(LogError) -> LogStore {
    var configuration = StoreConfiguration(
      recoveryThreadCount: 1, journalBytes: 64 << 10, checkpointInterval: .zero,
      compactionMemoryBytes: compactionMemoryBytes)
    configuration.runsMaintenance = false
    return try LogStore.open(at: ModelStore.path, configuration, disk: disk, clock: clock)
  }

  var topic: Topic {
    guard let topic = store.existingTopic("orders") else { preconditionFailure("no topic") }
    return topic
  }

  var log: PartitionLog { topic.partitions[0] }

  // MARK: Steps

  private func roll(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  /// Does random steps; compacts in some when `compacts`.
  func run(stepCount: Int, compacts: Bool = true) throws {
    for _ in 0..<stepCount { try step(compacts: compacts) }
  }

  private func step(compacts: Bool) throws {
    clock.advance(byMilliseconds: Int64(roll(0...60)))
    switch roll(0...99) {
    case 0..<35: try append(producer: nil, isTransactional: false)
    case 35..<50: try append(producer: Int64(roll(7...9)), isTransactional: false)
    case 50..<75: try append(producer: Int64(roll(20...22)), isTransactional: true)
    case 75..<87:
      try endTransaction(of: Int64(roll(20...22)), kind: roll(0...2) == 0 ? .abort : .commit)
    case 87..<90: try log.rollNow()
    case 90..<92: store.runMaintenance()
    case 92..<94: if let failure = log.commitAndWait() { throw failure }
    case 94..<96: try reopen()
    case 96..<99: if compacts { try topic.compactBlocking() }
    default: clock.advance(byMilliseconds: Self.tombstoneRetentionMilliseconds)
    }
  }

  private func append(producer id: Int64?, isTransactional: Bool) throws {
    let codecs: [CompressionCodec] = [.none, .none, .none, .lz4, .zstd]
    let codec = codecs[roll(0...codecs.count - 1)]
    var producer = id.map { producers[$0] ?? Producer() }
    if isTransactional, producer?.transaction == nil { producer?.transaction = Transaction() }
    var encoder = RecordBatchEncoder()
    let count = roll(1...4)
    for index in 0..<count {
      let key = "key \(roll(0...keyCount - 1))"
      valueCount += 1
      let value = roll(0...4) == 0 ? nil : "value \(valueCount)"
      let time = clock.nowMilliseconds() + Int64(roll(-20...20))
      let (keyBytes, valueBytes) = (Array(key.utf8), value.map { Array($0.utf8) })
      unsafe encoder.append(
        key: keyBytes.span.bytes, value: valueBytes?.span.bytes, timestampMilliseconds: time)
      records.append(
        ModelRecord(
          offset: log.endOffset.advanced(by: Int64(index)), key: key, value: value,
          timestampMilliseconds: time, transaction: producer?.transaction,
          writtenMilliseconds: clock.nowMilliseconds()))
    }
    let fields = BatchFields(
      attributes: BatchAttributes(codec: codec, isTransactional: isTransactional),
      producerID: id ?? -1, producerEpoch: producer?.epoch ?? -1,
      baseSequence: producer?.nextSequence ?? -1)
    var compressed: [UInt8] = []
    if codec == .none {
      encoder.finish(fields)
    } else {
      try Compression.compress(encoder.records, codec: codec, into: &compressed)
      unsafe encoder.finish(fields, replacingRecordsWith: compressed.span.bytes)
    }
    _ = try log.append(encoder.bytes)
    producer?.nextSequence += Int32(count)
    if let id { producers[id] = producer }
  }

  private func endTransaction(of id: Int64, kind: ControlRecord.Kind) throws {
    guard let transaction = producers[id]?.transaction else { return }
    producers[id]?.transaction = nil
    let batch = ControlRecord(kind: kind, coordinatorEpoch: 0).encodeBatch(
      timestampMilliseconds: clock.nowMilliseconds(),
      fields: BatchFields(producerID: id, producerEpoch: producers[id]?.epoch ?? 0))
    _ = try unsafe log.append(batch.span.bytes, origin: .coordinator)
    transaction.isOpen = false
    transaction.isAborted = kind == .abort
  }

  /// Compacts as far as a fault of the disk lets it.
  func compactWithFaults() throws {
    mayBeCompactedTo = log.endOffset
    do throws(LogError) { try topic.compactBlocking() } catch {
      switch error {
      case .io, .diskFull, .poisoned: break
      default: throw error
      }
    }
  }

  /// Makes all that was written durable, and lets it be compacted.
  func settle() throws {
    try log.rollNow()
    store.runMaintenance()
    if let failure = log.commitAndWait() { throw failure }
  }

  func endTransactions() throws {
    for id in producers.keys.sorted() { try endTransaction(of: id, kind: .commit) }
  }

  func reopen() throws {
    try store.closeBlocking()
    store = try Self.open(disk, clock, compactionMemoryBytes)
  }

  /// Goes on with what a crash has left.
  func restart(on left: SimulatedDisk) throws {
    do { try store.closeBlocking() } catch {}
    disk = left
    store = try Self.open(left, clock, compactionMemoryBytes)
  }

  // MARK: The law

  /// Holds the open log to the model: nothing that counts is lost, nothing is invented.
  ///
  /// With `isDone` all was compacted up to the cleaned offset: no key is there twice.
  func check(isDone: Bool = false) throws {
    let all = try FoundRecord.all(of: log)
    let found = all.filter { !$0.isMarker }
    try checkOrigin(found)
    try checkCompleteness(found)
    if isDone { try checkThinness(found) }
    try checkLookups(all)
    try checkProducers()
  }

  private func checkOrigin(_ found: [FoundRecord]) throws {
    let byOffset = Dictionary(uniqueKeysWithValues: records.map { ($0.offset, $0) })
    var previous = Offset(rawValue: -1)
    for record in found {
      try hold(record.offset > previous, "\(record.offset) comes after \(previous)")
      previous = record.offset
      guard let original = byOffset[record.offset] else {
        throw BrokenPromise("nothing was written at \(record.offset)")
      }
      try hold(
        original.key == record.key && original.value == record.value
          && original.timestampMilliseconds == record.timestampMilliseconds,
        "\(record.offset) is \(record), not \(original)")
    }
  }

  /// The newest committed record of each key is there, and so is all that was not compacted yet.
  private func checkCompleteness(_ found: [FoundRecord]) throws {
    let there = Set(found.map(\.offset))
    let cleaned = max(log.compaction.cleanedOffset ?? .zero, mayBeCompactedTo)
    var newest: [String: ModelRecord] = [:]
    for record in records where !record.isAborted {
      if record.isDecided { newest[record.key] = record }
      guard record.offset >= cleaned || !record.isDecided else { continue }
      try hold(there.contains(record.offset), "\(record.offset) is lost, compacted to \(cleaned)")
    }
    for (key, record) in newest where !there.contains(record.offset) {
      let mayBeGone =
        record.value == nil
        && clock.nowMilliseconds()
          >= record.writtenMilliseconds + Self.tombstoneRetentionMilliseconds
      try hold(mayBeGone, "\(key) at \(record.offset) is lost")
      let stale = found.last { $0.key == key && $0.offset < record.offset }
      try hold(
        stale == nil || records.contains { $0.offset == stale?.offset && $0.isAborted },
        "\(key) is back: its tombstone at \(record.offset) has gone")
    }
    let committed = try FoundRecord.committed(of: topic)
    let limit = log.lastStableOffset
    for record in committed {
      let original = records.first { $0.offset == record.offset }
      try hold(original?.isAborted == false, "\(record.offset) was aborted and is read")
    }
    let readable = Set(committed.map(\.offset))
    for (key, record) in newest where record.offset < limit && there.contains(record.offset) {
      try hold(readable.contains(record.offset), "\(key) at \(record.offset) cannot be read")
    }
  }

  private func checkThinness(_ found: [FoundRecord]) throws {
    let cleaned = log.compaction.cleanedOffset ?? .zero
    var seen: Set<String> = []
    for record in found where record.offset < cleaned {
      try hold(seen.insert(record.key).inserted, "\(record.key) is there twice")
      let original = records.first { $0.offset == record.offset }
      try hold(original?.isAborted == false, "\(record.offset) was aborted and is there")
    }
  }

  private func checkLookups(_ found: [FoundRecord]) throws {
    for time in Set(found.map(\.timestampMilliseconds)).sorted() {
      let expected = found.first { $0.timestampMilliseconds >= time }
      let offset = try log.firstOffset(atOrAfter: time)?.offset
      try hold(
        offset == expected?.offset,
        "time \(time) is at \(String(describing: offset)), not \(String(describing: expected))")
    }
    let latest = try log.latestTimestampOffset()?.timestampMilliseconds
    try hold(
      latest == found.map(\.timestampMilliseconds).max(),
      "the latest time is not \(String(describing: latest))")
    for raw in log.startOffset.rawValue..<log.endOffset.rawValue {
      let offset = Offset(rawValue: raw)
      let batch = try log.locate(offset)?.header
      let next = found.first { $0.offset >= offset }
      if let next {
        try hold(
          batch.map { $0.lastOffset >= offset && $0.baseOffset <= next.offset } ?? false,
          "looking for \(offset) leads behind \(next.offset)")
      }
    }
  }

  private func checkProducers() throws {
    let known = log.state.withLock { $0.producers.producers }
    for (id, producer) in producers where producer.nextSequence > 0 {
      let last = known[id]?.batches.last?.lastSequence
      try hold(
        last == producer.nextSequence - 1,
        "producer \(id) is at \(String(describing: last)), not \(producer.nextSequence - 1)")
    }
  }
}

/// A record as a reader finds it.
struct FoundRecord: Equatable {
  var offset: Offset
  var key: String
  var value: String?
  var timestampMilliseconds: Int64
  var isMarker = false

  /// Markers too.
  static func all(of log: PartitionLog) throws -> [FoundRecord] {
    var found: [FoundRecord] = []
    var decoder = BatchDecoder()
    var offset = log.startOffset
    while let slice = try log.read(
      from: offset, limit: Offset(rawValue: .max), maxBytes: 1 << 12)
    {
      let bytes = try slice.copyBytes()
      try unsafe bytes.withUnsafeBytes { buffer in
        var position = 0
        while position < buffer.count {
          let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[position...])
          let header = try unsafe RecordBatchHeader(parsing: rest)
          try unsafe RecordBatch.checkChecksum(of: rest, header)
          if header.recordCount > 0 {
            try unsafe decoder.forEachRecord(of: rest, header) { record in
              var next = FoundRecord(record)
              next.isMarker = header.attributes.isControl
              if record.offset >= offset { found.append(next) }
              return true
            }
          }
          offset = header.nextOffset
          position += header.batchByteCount
        }
      }
    }
    return found
  }

  static func committed(of topic: Topic) throws -> [FoundRecord] {
    var found: [FoundRecord] = []
    try topic.scan(from: .earliest, isolation: .readCommitted) { found.append(FoundRecord($0)) }
    return found
  }

  init(_ record: borrowing RecordView) {
    offset = record.offset
    key = record.keyText ?? ""
    value = record.valueText
    timestampMilliseconds = record.timestampMilliseconds
  }
}
