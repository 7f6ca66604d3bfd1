import MoldauCompression
import MoldauDisk
import MoldauFormat
import MoldauLog
import Synchronization

/// A clock that stands where it was set.
final class FixedClock: WallClock {
  private let time: Atomic<Int64>

  init(_ milliseconds: Int64 = FixtureContent.time) {
    time = Atomic(milliseconds)
  }

  func set(_ milliseconds: Int64) {
    time.store(milliseconds, ordering: .releasing)
  }

  func nowMilliseconds() -> Int64 { time.load(ordering: .acquiring) }
}

/// What the directory in Tests/Fixtures holds: something of everything that a log can.
enum FixtureContent {
  static let time: Int64 = 1_700_000_000_000

  static let topics: [(name: String, configuration: TopicConfiguration)] = [
    ("codecs", TopicConfiguration(retention: [], indexIntervalBytes: 256)),
    ("transactions", TopicConfiguration(retention: [])),
    ("rolled", TopicConfiguration(retention: [], segmentBytes: 1024, indexIntervalBytes: 128)),
    ("compacted", TopicConfiguration(cleanupPolicy: .compact, retention: [])),
    ("append-time", TopicConfiguration(retention: [], timestampType: .logAppendTime)),
    ("keyed", TopicConfiguration(partitionCount: 2, retention: [])),
    ("trimmed", TopicConfiguration(retention: [], segmentBytes: 1024, deleteDelay: .zero)),
  ]

  static func open(_ disk: SimulatedDisk, _ clock: FixedClock) throws -> LogStore {
    var configuration = StoreConfiguration(recoveryThreadCount: 1)
    configuration.runsMaintenance = false
    return try LogStore.open(at: "/store", configuration, disk: disk, clock: clock)
  }

  /// Creates the topics and appends all that belongs in them.
  static func fill(_ store: LogStore, _ clock: FixedClock) throws {
    for (name, configuration) in topics { _ = try store.createTopic(name, configuration) }
    let logs = { (name: String) in store.existingTopic(name)?.partitions[0] }
    if let log = logs("codecs") { try fillCodecs(log) }
    if let log = logs("transactions") { try fillTransactions(log) }
    if let log = logs("rolled") { try fillRolled(log, count: 12) }
    if let log = logs("compacted") { try fillCompacted(log) }
    if let log = logs("append-time") { try fillAppendTime(log, clock) }
    if let topic = store.existingTopic("keyed") { try fillKeyed(topic) }
    if let log = logs("trimmed"), let topic = store.existingTopic("trimmed") {
      try fillRolled(log, count: 8)
      try log.deleteRecords(
        before: Offset(rawValue: 11), topic.configuration, now: clock.nowMilliseconds())
    }
    store.runMaintenance()
  }

  // MARK: Topics

  private static func fillCodecs(_ log: PartitionLog) throws {
    var index = 0
    for codec in CompressionCodec.allCases {
      for _ in 0..<2 {
        try append(
          (0..<4).map { _ in
            index += 1
            return record(index)
          }, codec: codec, to: log)
      }
    }
  }

  private static func fillTransactions(_ log: PartitionLog) throws {
    func data(_ producer: Int64, _ sequence: Int32, isTransactional: Bool) throws {
      try append(
        (0..<3).map { record(Int(sequence) + $0) },
        fields: BatchFields(
          attributes: BatchAttributes(isTransactional: isTransactional), producerID: producer,
          producerEpoch: 1, baseSequence: sequence), to: log)
    }
    func end(_ kind: ControlRecord.Kind) throws {
      let batch = ControlRecord(kind: kind, coordinatorEpoch: 2).encodeBatch(
        timestampMilliseconds: time + 50,
        fields: BatchFields(producerID: 7, producerEpoch: 1))
      _ = try unsafe log.append(batch.span.bytes, leaderEpoch: 1, origin: .coordinator)
    }
    try data(7, 0, isTransactional: true)
    try end(.commit)
    try data(9, 0, isTransactional: false)
    try data(7, 3, isTransactional: true)
    try end(.abort)
    try data(9, 3, isTransactional: false)
    try data(7, 6, isTransactional: true)
  }

  private static func fillRolled(_ log: PartitionLog, count: Int) throws {
    for index in 0..<count {
      // Every fourth batch is earlier than those before it.
      let shift = index % 4 == 3 ? -2_500 : 0
      try append(
        (0..<2).map { record(index * 2 + $0, shift: Int64(index * 1000 + shift), padding: 120) },
        to: log)
    }
  }

  /// Batches as compaction leaves them, with the offsets that they had.
  private static func fillCompacted(_ log: PartitionLog) throws {
    func batch(_ base: Int64, _ deltas: [Int32], lastDelta: Int32, epoch: Int32) throws {
      var source = RecordBatchEncoder()
      for delta in deltas { append(record(Int(base) + Int(delta)), to: &source) }
      var encoder = RecordBatchEncoder()
      if let first = deltas.first {
        let header = source.finish(BatchFields())
        encoder.reset(baseTimestampMilliseconds: time + base * 100 + Int64(first))
        var next = deltas.makeIterator()
        // SAFETY: the view is copied while the source lives.
        try RecordBatch.forEachRecord(
          in: source.bytes.extracting(droppingFirst: RecordBatchHeader.byteCount), header
        ) { view in
          if let delta = next.next() { encoder.append(copying: view, offsetDelta: delta) }
          return true
        }
      }
      encoder.finish(
        BatchFields(
          baseOffset: Offset(rawValue: base), partitionLeaderEpoch: epoch, producerID: 5,
          producerEpoch: 0, baseSequence: Int32(base), lastOffsetDelta: lastDelta))
      _ = try log.append(encoder.bytes, origin: .leader)
    }
    try batch(0, [0, 3, 7], lastDelta: 9, epoch: 0)
    try batch(10, [], lastDelta: 4, epoch: 0)
    try batch(20, [1, 2], lastDelta: 2, epoch: 3)
  }

  private static func fillAppendTime(_ log: PartitionLog, _ clock: FixedClock) throws {
    for index in 0..<2 {
      clock.set(time + 5_000 + Int64(index))
      try append((0..<3).map { record(index * 3 + $0) }, to: log)
    }
    clock.set(time)
  }

  private static func fillKeyed(_ topic: Topic) throws {
    for index in 0..<8 {
      try topic.appendBlocking(record(index), partition: index % 2)
    }
    try topic.appendBlocking(
      Record.tombstone(key: "key 3", timestampMilliseconds: time + 900), partition: 1)
  }

  // MARK: Records

  /// A record that follows from its number: some without a key, a value or headers.
  static func record(_ index: Int, shift: Int64? = nil, padding: Int = 0) -> Record {
    var record = Record(
      key: index % 3 == 2 ? nil : Array("key \(index)".utf8),
      value: Array("{\"number\":\(index),\"text\":\"Vltava \(index)\"}".utf8)
        + [UInt8](repeating: UInt8(ascii: "."), count: padding),
      timestampMilliseconds: time + (shift ?? Int64(index) * 100))
    if index % 4 == 1 {
      record.headers = [
        RecordHeader(name: "trace", value: [0, UInt8(index & 0x7F), 255]),
        RecordHeader(name: "empty", value: []), RecordHeader(name: "null", value: nil),
      ]
    }
    return record
  }

  private static func append(_ record: Record, to encoder: inout RecordBatchEncoder) {
    // SAFETY: bytes have no padding, so all of an array's are initialised.
    unsafe encoder.append(
      key: record.key?.span.bytes, value: record.value?.span.bytes,
      timestampMilliseconds: record.timestampMilliseconds ?? time, headers: record.headers)
  }

  private static func append(
    _ records: [Record], codec: CompressionCodec = .none, fields: BatchFields = BatchFields(),
    to log: PartitionLog
  ) throws {
    var encoder = RecordBatchEncoder()
    for record in records { append(record, to: &encoder) }
    if codec == .none {
      encoder.finish(fields)
    } else {
      var fields = fields
      fields.attributes = BatchAttributes(codec: codec)
      var compressed: [UInt8] = []
      try Compression.compress(encoder.records, codec: codec, into: &compressed)
      unsafe encoder.finish(fields, replacingRecordsWith: compressed.span.bytes)
    }
    _ = try log.append(encoder.bytes, leaderEpoch: 1)
  }
}
