import MoldauCompression
import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// A topic's settings: as text, in the store's file, and what they do to appends.
struct TopicSettingTests {
  private static let unusual = TopicConfiguration(
    partitionCount: 3, cleanupPolicy: .compactAndDelete, retention: [.bytes(1 << 30)],
    compression: .zstd, durability: .everyAppend, segmentBytes: 4096, segmentAge: .seconds(9),
    indexIntervalBytes: 77, maxIndexBytes: 640, maxBatchBytes: 5000,
    timestampType: .logAppendTime, deleteDelay: .milliseconds(7), minCompactionLag: .seconds(1),
    maxCompactionLag: .seconds(100), tombstoneRetention: .seconds(5), minDirtyRatio: 0.125,
    maxTimestampAge: .seconds(3), maxTimestampLead: .seconds(4))

  @Test("every setting is the same after the store was opened again")
  func reopened() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    _ = try store.createTopic("orders", Self.unusual)
    _ = try store.createTopic("plain", TopicConfiguration())
    try store.closeBlocking()
    let again = try openStore(disk)
    #expect(try #require(again.existingTopic("orders")).configuration == Self.unusual)
    #expect(try #require(again.existingTopic("plain")).configuration == TopicConfiguration())
    try again.closeBlocking()
  }

  @Test("what a broker keeps with a topic is there after the store was opened again")
  func kept() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    var configuration = TopicConfiguration()
    configuration.explicitSettings = ["segment.ms", "flush.messages"]
    configuration.keptSettings = ["flush.messages": "1", "throttled": ""]
    _ = try store.createTopic("orders", configuration)
    try store.closeBlocking()
    let again = try openStore(disk)
    #expect(try #require(again.existingTopic("orders")).configuration == configuration)
    try again.closeBlocking()
  }

  @Test(
    "every setting can be set from the text that it is told as", arguments: TopicSetting.allCases)
  func texts(setting: TopicSetting) throws {
    guard let text = Self.unusual[setting] else { return }
    #expect(!text.contains(" "))
    var configuration = TopicConfiguration()
    try configuration.set(setting, to: text)
    #expect(configuration[setting] == text)
  }

  @Test(
    "a value that is none of its setting's is refused",
    arguments: [
      ("cleanup.policy", "compress"), ("cleanup.policy", ""), ("compression.type", "none"),
      ("retention.ms", "week"), ("message.timestamp.type", "createtime"),
      ("min.cleanable.dirty.ratio", "nan"), ("moldau.durability", "buffered:3"),
      ("moldau.durability", "group-commit:x"), ("moldau.gaps", "1"), ("no.such.key", "1"),
    ])
  func refused(key: String, value: String) {
    #expect(throws: FormatError.self) {
      _ = try TopicConfigurations(parsing: Array("0\norders \(key)=\(value)\n".utf8))
    }
  }

  @Test(
    "a setting out of range is refused",
    arguments: [
      TopicConfiguration(minDirtyRatio: 1.5), TopicConfiguration(minDirtyRatio: .nan),
      TopicConfiguration(minCompactionLag: .seconds(2), maxCompactionLag: .seconds(1)),
      TopicConfiguration(maxCompactionLag: .zero), TopicConfiguration(deleteDelay: .seconds(-1)),
      TopicConfiguration(maxTimestampAge: .seconds(-1)),
      TopicConfiguration(retention: [.age(.seconds(-1))]),
    ])
  func outOfRange(configuration: TopicConfiguration) {
    #expect(throws: LogError.self) { try configuration.validate() }
  }

  @Test("the file of an earlier version reads as what it meant")
  func earlierFile() throws {
    let text = """
      0
      audit cleanup.policy=compact retention.ms=-1 retention.bytes=-1
      orders compression.type=lz4 moldau.durability=group-commit:0

      """
    let topics = try TopicConfigurations(parsing: Array(text.utf8)).byTopic
    #expect(topics["audit"] == TopicConfiguration(cleanupPolicy: .compact, retention: []))
    #expect(
      topics["orders"] == TopicConfiguration(compression: .lz4, durability: .groupCommit()))
  }

  @Test("durations that no clock comes to are told as the longest there is, and do not trap")
  func hugeDurations() throws {
    let clock = SetClock(1_000)
    let store = try openStore(SimulatedDisk(isCrashable: false), clock: clock)
    let huge = Duration.seconds(Int64.max)
    #expect(huge.milliseconds == .max && (.zero - huge).milliseconds == .min)
    let topic = try store.createTopic(
      "orders",
      TopicConfiguration(
        retention: [.age(huge)], durability: .groupCommit(maxDelay: .zero), segmentAge: huge,
        deleteDelay: huge, minCompactionLag: huge, maxCompactionLag: huge,
        tombstoneRetention: huge, maxTimestampAge: huge, maxTimestampLead: huge))
    try topic.appendBlocking(Record(value: "one"))
    store.runMaintenance()
    try topic.partitions[0].deleteRecords(
      before: Offset(rawValue: 1), topic.configuration, now: clock.nowMilliseconds())
    #expect(try topic.firstOffset() == Offset(rawValue: 1))
    try store.closeBlocking()
  }

  @Test("a topic that only compacts loses nothing by age or size; one that deletes too does")
  func retention() throws {
    let clock = SetClock(1_000_000)
    let store = try openStore(SimulatedDisk(isCrashable: false), clock: clock)
    var starts: [Offset] = []
    for policy in TopicConfiguration.CleanupPolicy.allCases {
      let topic = try store.createTopic(
        "t-\(policy)",
        TopicConfiguration(
          cleanupPolicy: policy, retention: [.age(.milliseconds(10)), .bytes(0)],
          segmentBytes: 1024))
      for index in 0..<50 {
        try topic.appendBlocking(Record(key: "k", value: "\(index)", timestampMilliseconds: 1))
      }
      store.runMaintenance()
      starts.append(try topic.firstOffset())
    }
    #expect(starts == [Offset(rawValue: 50), .zero, Offset(rawValue: 50)])
    try store.closeBlocking()
  }

  @Test("offsets may be missing for good where a topic was compacted once, or is another program's")
  func gaps() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration(cleanupPolicy: .compact))
    try store.alterTopic(topic, TopicConfiguration())
    #expect(!topic.configuration.isGapless)
    try store.alterTopic(topic, TopicConfiguration(segmentBytes: 4096))
    try store.closeBlocking()
    let again = try openStore(disk)
    #expect(!(try #require(again.existingTopic("orders")).configuration.isGapless))
    try again.closeBlocking()
    try disk.remove("/store/moldau-topics")
    let foreign = try openStore(disk)
    let found = try #require(foreign.existingTopic("orders"))
    try foreign.alterTopic(found, TopicConfiguration())
    #expect(!found.configuration.isGapless)
    try foreign.closeBlocking()
  }

  // MARK: Appends

  @Test(
    "a client's batch is stored in the topic's codec, or in its own",
    arguments: TopicConfiguration.Compression.allCases, CompressionCodec.allCases)
  func recompression(wanted: TopicConfiguration.Compression, sent: CompressionCodec) throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    for type in [TopicConfiguration.TimestampType.createTime, .logAppendTime] {
      let topic = try store.createTopic(
        "t-\(type)", TopicConfiguration(compression: wanted, timestampType: type))
      let log = topic.partitions[0]
      let values = (0..<40).map { "a value that repeats itself \($0 % 3)" }
      let batch = try clientBatch(values, codec: sent)
      let appended = try send(batch, to: log)
      #expect(appended.lastOffset == Offset(rawValue: 39))
      #expect(try topic.scannedValues() == values)
      let slice = try #require(try log.read(from: .zero, limit: log.endOffset, maxBytes: 1))
      let stored = try slice.copyBytes()
      let header = try unsafe RecordBatchHeader(parsing: stored.span.bytes)
      try unsafe RecordBatch.checkChecksum(of: stored.span.bytes, header)
      #expect(header.attributes.codec == (wanted == .producer ? sent : wanted.codec))
      #expect(header.producerID == 7 && header.baseSequence == 0)
      #expect(appended.byteCount == stored.count)
    }
    try store.closeBlocking()
  }

  @Test("a batch that is too large once it is compressed anew is refused")
  func recompressedTooLarge() throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let log = try store.createTopic(
      "orders", TopicConfiguration(compression: .uncompressed, maxBatchBytes: 1000)
    ).partitions[0]
    let batch = try clientBatch([String(repeating: "x", count: 2000)], codec: .zstd)
    #expect(batch.count < 1000)
    #expect(throws: LogError.self) { _ = try send(batch, to: log) }
    #expect(log.endOffset == .zero)
    try store.closeBlocking()
  }

  @Test("timestamps too far from the clock are refused, of clients and of this process")
  func timestampBounds() throws {
    let store = try openStore(SimulatedDisk(isCrashable: false), clock: SetClock(1_000_000))
    let topic = try store.createTopic(
      "orders",
      TopicConfiguration(
        maxTimestampAge: .milliseconds(100), maxTimestampLead: .milliseconds(50)))
    let log = topic.partitions[0]
    for accepted in [999_900, 1_000_000, 1_000_050] as [Int64] {
      try topic.appendBlocking(Record(value: "v", timestampMilliseconds: accepted))
      _ = try send(clientBatch(["v"], at: accepted), to: log)
    }
    try topic.appendBlocking(Record(value: "the log's time"))
    _ = try send(clientBatch(["no time"], at: -1), to: log)
    let end = log.endOffset
    for refused in [999_899, 1_000_051, 0, .max] as [Int64] {
      let error = LogError.invalidTimestamp(refused, first: 999_900, last: 1_000_050)
      #expect(throws: error) {
        try topic.appendBlocking(Record(value: "v", timestampMilliseconds: refused))
      }
      #expect(throws: error) {
        _ = try send(clientBatch(["v"], at: refused), to: log)
      }
    }
    #expect(log.endOffset == end)
    try store.closeBlocking()
  }

  private func send(_ batch: [UInt8], to log: PartitionLog) throws -> AppendedBatch {
    try unsafe log.append(batch.span.bytes)
  }

  /// A batch as a producer sends it.
  private func clientBatch(
    _ values: [String], codec: CompressionCodec = .none, at timestampMilliseconds: Int64 = 1000
  ) throws -> [UInt8] {
    var encoder = RecordBatchEncoder()
    for value in values {
      let bytes = Array(value.utf8)
      unsafe encoder.append(
        key: nil, value: bytes.span.bytes, timestampMilliseconds: timestampMilliseconds)
    }
    var fields = BatchFields(producerID: 7, producerEpoch: 0, baseSequence: 0)
    if timestampMilliseconds != 1000 {
      fields = BatchFields()
    }
    guard codec != .none else {
      _ = encoder.finish(fields)
      return unsafe encoder.bytes.withUnsafeBytes { unsafe Array($0) }
    }
    var compressed: [UInt8] = []
    try Compression.compress(encoder.records, codec: codec, into: &compressed)
    fields.attributes = BatchAttributes(codec: codec)
    _ = unsafe encoder.finish(fields, replacingRecordsWith: compressed.span.bytes)
    return unsafe encoder.bytes.withUnsafeBytes { unsafe Array($0) }
  }

  @Test("a number of partitions that no topic has is damage", arguments: ["0", "-1", "100001"])
  func partitionCounts(text: String) {
    #expect(throws: FormatError.self) {
      try TopicConfigurations(parsing: Array("0\norders moldau.partitions=\(text)\n".utf8))
    }
  }
}
