import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Laws of one partition's log, on a disk in memory.
struct PartitionLogTests {
  @Test("what was appended is read back in order, across segments and after a clean reopening")
  func readBack() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration(segmentBytes: 4096))
    let log = topic.partitions[0]
    for index in 0..<200 {
      let appended = try log.append(value: "value \(index)")
      #expect(appended.baseOffset == Offset(rawValue: Int64(index)))
    }
    #expect(log.segmentCount > 1)
    #expect(try log.values() == (0..<200).map { "value \($0)" })
    try store.closeBlocking()

    let again = try openStore(disk)
    #expect(again.recovery.wasClean)
    let reopened = try #require(again.existingTopic("orders")).partitions[0]
    #expect(reopened.endOffset == Offset(rawValue: 200))
    #expect(try reopened.values() == (0..<200).map { "value \($0)" })
    #expect(try reopened.append(value: "next").baseOffset == Offset(rawValue: 200))
    try again.closeBlocking()
  }

  @Test("a killed store recovers all that was written")
  func recoverAfterKill() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration(segmentBytes: 4096)).partitions[0]
    for index in 0..<200 { _ = try log.append(value: "value \(index)") }
    let again = try openStore(disk.crash(.keepAll))
    #expect(!again.recovery.wasClean)
    #expect(again.recovery.damages.isEmpty)
    let recovered = try #require(again.existingTopic("orders")).partitions[0]
    #expect(try recovered.values() == (0..<200).map { "value \($0)" })
    try again.closeBlocking()
  }

  @Test("what a killed store recovers is called durable by a sync alone; a commit covers it too")
  func commitCoversRecovered() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    for index in 0..<50 { _ = try log.append(value: "value \(index)") }
    let left = disk.crash(.keepAll)
    let again = try openStore(left)
    let recovered = try #require(again.existingTopic("orders")).partitions[0]
    #expect(recovered.endOffset == Offset(rawValue: 50))
    #expect(recovered.durableOffset == .zero)
    _ = try recovered.append(value: "value 50")
    let done = WakeSignal()
    recovered.whenDurable(below: recovered.endOffset) { _ in done.wake() }
    done.sleep()
    #expect(recovered.durableOffset == Offset(rawValue: 51))
    let last = try openStore(left.crash(.loseAllUnsynced))
    let kept = try #require(last.existingTopic("orders")).partitions[0]
    #expect(try kept.values() == (0...50).map { "value \($0)" })
    try last.closeBlocking()
  }

  @Test("what a commit has covered survives a power cut")
  func commitSurvives() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    for index in 0..<50 { _ = try log.append(value: "value \(index)") }
    let done = WakeSignal()
    let outcome = Shared<LogError?>(nil)
    log.whenDurable(below: log.endOffset) { result in
      if case .failure(let error) = result { outcome.value.withLock { $0 = error } }
      done.wake()
    }
    done.sleep()
    #expect(outcome.value.withLock { $0 } == nil)
    let again = try openStore(disk.crash(.loseAllUnsynced))
    let recovered = try #require(again.existingTopic("orders")).partitions[0]
    #expect(try recovered.values() == (0..<50).map { "value \($0)" })
    try again.closeBlocking()
  }
}

/// Opens a store without a maintenance thread.
func openStore(_ disk: SimulatedDisk) throws -> LogStore {
  var configuration = StoreConfiguration(recoveryThreadCount: 1)
  configuration.runsMaintenance = false
  return try LogStore.open(at: "/store", configuration, disk: disk, clock: SystemWallClock())
}

extension PartitionLog {
  /// Appends a batch of one record.
  func append(value: String, timestampMilliseconds: Int64 = 1) throws -> AppendedBatch {
    var encoder = RecordBatchEncoder()
    let bytes = Array(value.utf8)
    unsafe encoder.append(
      key: nil, value: bytes.span.bytes, timestampMilliseconds: timestampMilliseconds)
    _ = encoder.finish(BatchFields())
    return try append(encoder.bytes)
  }

  /// All values, as text.
  func values() throws -> [String] {
    var values: [String] = []
    var decoder = BatchDecoder()
    var offset = startOffset
    while let slice = try read(from: offset, limit: Offset(rawValue: .max), maxBytes: 1 << 16) {
      let bytes = try slice.copyBytes()
      try unsafe bytes.withUnsafeBytes { buffer in
        var position = 0
        while position < buffer.count {
          let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[position...])
          let header = try unsafe RecordBatchHeader(parsing: rest)
          try unsafe decoder.forEachRecord(of: rest, header) { record in
            if record.offset >= offset {
              if let value = record.value {
                unsafe values.append(
                  value.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
              }
            }
            return true
          }
          offset = header.nextOffset
          position += header.batchByteCount
        }
      }
    }
    return values
  }
}
