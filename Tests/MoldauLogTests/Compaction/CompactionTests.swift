import MoldauDisk
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauLog

/// Laws of compaction that need no model.
struct CompactionTests {
  private static let configuration = TopicConfiguration(
    cleanupPolicy: .compact, segmentBytes: 2048, deleteDelay: .zero,
    tombstoneRetention: .seconds(1))

  private func makeStore(
    _ disk: SimulatedDisk, _ clock: SetClock, _ configuration: TopicConfiguration = configuration
  ) throws -> (LogStore, Topic) {
    let store = try openStore(disk, clock: clock)
    return (store, try store.createTopic("orders", configuration))
  }

  @Test("the newest value of each key stays; a tombstone stays for its time and then goes too")
  func tombstones() throws {
    let clock = SetClock(1_000_000)
    let (store, topic) = try makeStore(SimulatedDisk(isCrashable: false), clock)
    for round in 0..<10 {
      for key in ["a", "b", "c"] { try topic.put(key, "\(key)\(round)") }
    }
    try topic.put("b", nil)
    try topic.compactBlocking()
    #expect(try topic.contents() == ["a": "a9", "c": "c9", "b": "gone"])
    #expect(topic.partitions[0].endOffset == Offset(rawValue: 31))
    clock.set(1_000_999)
    try topic.compactBlocking()
    #expect(try topic.contents() == ["a": "a9", "c": "c9", "b": "gone"])
    clock.set(1_001_000)
    try topic.compactBlocking()
    #expect(try topic.contents() == ["a": "a9", "c": "c9"])
    try store.closeBlocking()
  }

  @Test("what is younger than the lag, and what is in the active segment, stays as it is")
  func lag() throws {
    let clock = SetClock(1_000_000)
    var configuration = Self.configuration
    configuration.minCompactionLag = .seconds(5)
    let (store, topic) = try makeStore(SimulatedDisk(isCrashable: false), clock, configuration)
    for _ in 0..<10 { try topic.put("a", "x") }
    clock.set(1_004_999)
    #expect(try topic.compactBlocking().removedRecordCount == 0)
    try topic.put("a", "y")
    clock.set(1_006_000)
    #expect(try topic.compactBlocking().removedRecordCount == 9)
    clock.set(1_010_000)
    #expect(try topic.compactBlocking().removedRecordCount == 1)
    try store.closeBlocking()
  }

  @Test("a log is due by its share of new bytes, or because a record has waited for too long")
  func dueLogs() throws {
    let clock = SetClock(1_000_000)
    var configuration = Self.configuration
    configuration.maxCompactionLag = .seconds(60)
    let (store, topic) = try makeStore(SimulatedDisk(isCrashable: false), clock, configuration)
    let log = topic.partitions[0]
    let large = String(repeating: "x", count: 1500)
    for key in 0..<20 { try topic.put("\(key)", large) }
    try topic.compactBlocking()
    let plan = { try log.compactionPlan(topic.configuration, now: clock.nowMilliseconds()) }
    #expect(try plan() == nil)
    for key in 0..<10 { try topic.put("\(key)", large) }
    store.runMaintenance()
    let some = try #require(try plan())
    #expect(some.dirtyRatio > 0.2 && some.dirtyRatio < 0.5)
    #expect(!some.isDue(configuration))
    clock.set(1_060_001)
    #expect(try #require(try plan()).isDue(configuration))
    clock.set(1_000_000)
    for key in 0..<20 { try topic.put("\(key)", large) }
    store.runMaintenance()
    #expect(try #require(try plan()).isDue(configuration))
    try store.closeBlocking()
  }

  @Test("what only the journal has durable removes nothing")
  func unsyncedStays() throws {
    let (store, topic) = try makeStore(SimulatedDisk(), SetClock(1_000_000))
    let log = topic.partitions[0]
    for _ in 0..<10 { try topic.put("a", "x") }
    try log.rollNow()
    #expect(log.commitAndWait() == nil)
    #expect(log.durableOffset == log.endOffset)
    #expect(try log.compactionPlan(topic.configuration, now: 1_000_000) == nil)
    store.runMaintenance()
    #expect(try log.compactionPlan(topic.configuration, now: 1_000_000) != nil)
    try store.closeBlocking()
  }

  @Test("small segments become one, and a log without anything to remove stays as it is")
  func merging() throws {
    let (store, topic) = try makeStore(SimulatedDisk(isCrashable: false), SetClock(1_000_000))
    let log = topic.partitions[0]
    for key in 0..<20 {
      try topic.put("\(key)", "value")
      try log.rollNow()
    }
    try topic.compactBlocking()
    #expect(log.segmentCount == 2)
    #expect(try topic.contents().count == 20)
    let kept = log.segments[0]
    for key in 20..<40 { try topic.put("\(key)", String(repeating: "x", count: 90)) }
    try topic.compactBlocking()
    #expect(log.segments[0] === kept)
    #expect(try topic.contents().count == 40)
    try store.closeBlocking()
  }

  @Test("a damaged batch stops compaction of its log, which is left byte for byte as it was")
  func damage() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let (store, topic) = try makeStore(disk, SetClock(1_000_000))
    for round in 0..<60 { try topic.put("\(round % 3)", "value \(round)") }
    let log = topic.partitions[0]
    try log.rollNow()
    store.runMaintenance()
    let damaged = log.segments[1]
    let file = try damaged.file()
    let byte: [UInt8] = [0xff]
    try unsafe byte.span.bytes.withUnsafeBytes { try unsafe file.write($0, at: 100) }
    let before = try log.segments.map { try disk.contents(of: $0.logPath) }
    #expect {
      try topic.compactBlocking()
    } throws: { error in
      guard case LogError.corrupt(damaged.logPath, _, _) = error else { return false }
      return true
    }
    #expect(try log.segments.map { try disk.contents(of: $0.logPath) } == before)
    #expect(!log.compaction.canBeTried)
    let names = try disk.list(log.directory.path).map(\.name)
    #expect(!names.contains { $0.hasSuffix(".cleaned") || $0.hasSuffix(".swap") })
    try store.closeBlocking()
  }

  @Test("a slice that a reader holds outlives the segment that it is of")
  func heldSlices() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let (store, topic) = try makeStore(disk, SetClock(1_000_000))
    for round in 0..<60 { try topic.put("\(round % 3)", "value \(round)") }
    let log = topic.partitions[0]
    let slice = try #require(
      try log.read(from: .zero, limit: Offset(rawValue: .max), maxBytes: 1 << 20))
    let segment = log.segments[0]
    let before = try slice.copyBytes()
    try topic.compactBlocking()
    #expect(log.segments[0] !== segment)
    #expect(try slice.copyBytes() == before)
    #expect(try segment.floor(of: Offset(rawValue: 20)) < segment.byteCount)
    #expect(log.byteCount < before.count)
    store.runMaintenance()
    #expect(try slice.copyBytes() == before)
    try store.closeBlocking()
  }

  @Test("how far a log is compacted survives a reopening, in Kafka's file")
  func checkpoint() throws {
    let disk = SimulatedDisk()
    let clock = SetClock(1_000_000)
    let (store, topic) = try makeStore(disk, clock)
    for round in 0..<60 { try topic.put("\(round % 3)", "value \(round)") }
    try topic.compactBlocking()
    let text = String(
      decoding: try disk.contents(of: "/store/cleaner-offset-checkpoint"), as: UTF8.self)
    #expect(text == "0\n1\norders 0 60\n")
    try store.closeBlocking()
    let again = try openStore(disk, clock: clock)
    let log = try #require(again.existingTopic("orders")).partitions[0]
    #expect(log.compaction.cleanedOffset == Offset(rawValue: 60))
    #expect(try log.compactionPlan(Self.configuration, now: 1_000_000) == nil)
    try again.removeTopic("orders")
    #expect(
      String(decoding: try disk.contents(of: "/store/cleaner-offset-checkpoint"), as: UTF8.self)
        == "0\n0\n")
    try again.closeBlocking()
  }

  @Test("what is known of an idempotent producer survives compaction and a crash")
  func producers() throws {
    let disk = SimulatedDisk()
    let clock = SetClock(1_000_000)
    let (store, topic) = try makeStore(disk, clock)
    let log = topic.partitions[0]
    _ = try log.put("a", sequence: 0, producer: 5)
    let last = try log.put("a", sequence: 1, producer: 5)
    try topic.put("a", "newer")
    try topic.compactBlocking()
    #expect(try topic.contents() == ["a": "newer"])
    // Without the snapshot that a clean stop leaves: the batches alone tell.
    let left = disk.crash(.keepAll)
    withExtendedLifetime(store) {}
    for name in try left.list("/store/orders-0").map(\.name) where name.hasSuffix(".snapshot") {
      try left.remove("/store/orders-0/\(name)")
    }
    let again = try openStore(left, clock: clock)
    let recovered = try #require(again.existingTopic("orders")).partitions[0]
    let known = recovered.state.withLock { $0.producers.producers[5]?.batches.last }
    #expect(known?.lastSequence == 1)
    #expect(known?.lastOffset == last.lastOffset)
    let duplicate = try recovered.put("a", sequence: 1, producer: 5)
    #expect(duplicate.isDuplicate && duplicate.lastOffset == last.lastOffset)
    #expect(try recovered.put("a", sequence: 2, producer: 5).baseOffset == Offset(rawValue: 3))
    try again.closeBlocking()
  }

  @Test("a topic that both compacts and deletes does both")
  func compactAndDelete() throws {
    let clock = SetClock(1_000_000)
    var configuration = Self.configuration
    configuration.cleanupPolicy = .compactAndDelete
    configuration.retention = [.age(.seconds(10))]
    let (store, topic) = try makeStore(SimulatedDisk(isCrashable: false), clock, configuration)
    for round in 0..<30 { try topic.put("old", "\(round)") }
    try topic.compactBlocking()
    #expect(try topic.contents() == ["old": "29"])
    clock.set(1_009_000)
    for round in 0..<30 { try topic.put("new", "\(round)") }
    try topic.compactBlocking()
    clock.set(1_010_001)
    store.runMaintenance()
    // One segment holds both, so both stay as long as the newer.
    #expect(try topic.contents()["new"] == "29")
    clock.set(1_019_001)
    store.runMaintenance()
    #expect(try topic.contents().isEmpty)
    #expect(topic.partitions[0].startOffset == topic.partitions[0].endOffset)
    try store.closeBlocking()
  }
}

extension Topic {
  /// Appends one record to the first partition.
  func put(_ key: String, _ value: String?) throws {
    let (key, value) = (Array(key.utf8), value.map { Array($0.utf8) })
    var encoder = RecordBatchEncoder()
    unsafe encoder.append(
      key: key.span.bytes, value: value?.span.bytes,
      timestampMilliseconds: services.clock.nowMilliseconds())
    encoder.finish(BatchFields())
    _ = try partitions[0].append(encoder.bytes)
  }

  /// The newest value of each key; "gone" for a tombstone. Fails when a key is there twice.
  func contents() throws -> [String: String] {
    var contents: [String: String] = [:]
    var isTwice = false
    try scan(from: .earliest) { record in
      let key = record.keyText ?? ""
      isTwice = isTwice || contents[key] != nil
      contents[key] = record.valueText ?? "gone"
    }
    try hold(!isTwice, "a key is there twice")
    return contents
  }
}

extension PartitionLog {
  /// Appends one record of an idempotent producer.
  func put(_ key: String, sequence: Int32, producer: Int64) throws -> AppendedBatch {
    let bytes = Array(key.utf8)
    var encoder = RecordBatchEncoder()
    unsafe encoder.append(
      key: bytes.span.bytes, value: bytes.span.bytes,
      timestampMilliseconds: services.clock.nowMilliseconds())
    encoder.finish(BatchFields(producerID: producer, producerEpoch: 0, baseSequence: sequence))
    return try append(encoder.bytes)
  }
}
