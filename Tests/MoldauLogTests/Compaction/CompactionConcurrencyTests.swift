import MoldauDisk
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauLog

/// Compaction in the background, while others append and read.
struct CompactionConcurrencyTests {
  private static let configuration = TopicConfiguration(
    cleanupPolicy: .compact, segmentBytes: 8192, deleteDelay: .zero, tombstoneRetention: .zero,
    minDirtyRatio: 0.1)

  @Test("appends and reads go on while a log is compacted again and again, and lose nothing")
  func beside() async throws {
    var configuration = StoreConfiguration(durability: .buffered)
    configuration.runsMaintenance = false
    let store = try LogStore.open(
      at: "/store", configuration, disk: SimulatedDisk(isCrashable: false),
      clock: SystemWallClock())
    let topic = try store.createTopic("orders", Self.configuration)
    let isDone = Shared(false)
    let count = 6000
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { isDone.value.withLock { $0 = true } }
        for index in 0..<count {
          try await topic.append(Record(key: "\(index % 40)", value: "\(index)"))
        }
      }
      group.addTask {
        while !isDone.value.withLock({ $0 }) { try await topic.compact() }
      }
      for _ in 0..<2 {
        group.addTask {
          while !isDone.value.withLock({ $0 }) {
            var newest: [String: Int64] = [:]
            var end = Offset.zero
            // What is newer than a record that was removed lies ahead, until there is no more.
            while end < topic.partitions[0].endOffset {
              let next = topic.partitions[0].endOffset
              for try await record in topic.read(from: .offset(end)) {
                #expect(record.offset >= end)
                end = record.offset.advanced(by: 1)
                let value = Int64(record.valueText ?? "") ?? -1
                #expect(value == record.offset.rawValue)
                #expect(record.keyText == "\(value % 40)")
                newest[record.keyText ?? ""] = value
              }
              end = max(end, next)
            }
            for key in 0..<min(40, Int(end.rawValue)) {
              #expect(newest["\(key)"].map { $0 >= end.rawValue - 40 } ?? false)
            }
            let offset = try topic.partitions[0].firstOffset(atOrAfter: 0)?.offset
            #expect(end == .zero || offset != nil)
          }
        }
      }
      try await group.waitForAll()
    }
    try await topic.compact()
    let expected = (count - 40..<count).map { (String($0 % 40), String($0)) }
    #expect(try topic.contents() == Dictionary(uniqueKeysWithValues: expected))
    try await store.close()
  }

  @Test("the store's own thread compacts what is due; closing does not wait for the end of a pass")
  func background() async throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try LogStore.open(
      at: "/store",
      StoreConfiguration(durability: .buffered, compactionBytesPerSecond: 1 << 30), disk: disk,
      clock: SystemWallClock())
    let topic = try store.createTopic("orders", Self.configuration)
    let log = topic.partitions[0]
    var index = 0
    while log.compaction.cleanedOffset ?? .zero < Offset(rawValue: 2000) {
      try await topic.append(Record(key: "\(index % 40)", value: "\(index)"))
      index += 1
    }
    try await store.close()
    let again = try openStore(disk)
    #expect(again.recovery.wasClean)
    let reopened = try #require(again.existingTopic("orders"))
    #expect(reopened.partitions[0].byteCount < index * 70)
    var newest: [String: Int] = [:]
    try reopened.scan(from: .earliest) { newest[$0.keyText ?? ""] = Int($0.valueText ?? "") }
    #expect(newest.count == 40)
    #expect(newest.values.min() == index - 40)
    try await again.close()
  }

  @Test("a slowed pass is stopped by closing, and leaves nothing that counts")
  func closing() async throws {
    let disk = SimulatedDisk(isCrashable: false)
    var configuration = StoreConfiguration(durability: .buffered, compactionBytesPerSecond: 1)
    configuration.runsMaintenance = false
    let store = try LogStore.open(
      at: "/store", configuration, disk: disk, clock: SystemWallClock())
    let topic = try store.createTopic("orders", Self.configuration)
    for index in 0..<1000 { try topic.put("\(index % 7)", "\(index)") }
    let pass = Task { () throws(LogError) in try await topic.compact() }
    while !store.services.compactor.isPassing { await Task.yield() }
    try await store.close()
    await #expect(throws: LogError.closed) { try await pass.value }
    let again = try openStore(disk)
    #expect(try #require(again.existingTopic("orders")).scannedValues().count == 1000)
    try again.closeBlocking()
  }

  @Test("what groups have committed is compacted, and comes back")
  func groupOffsets() async throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk, durability: .buffered)
    _ = try store.createTopic("orders", TopicConfiguration(partitionCount: 3))
    for group in ["billing", "shipping"] {
      let consumer = try await store.consumer(group: group, topic: "orders")
      for offset in 0..<100 {
        for partition in 0..<3 {
          let offset = Offset(rawValue: Int64(offset + partition))
          try await consumer.commit(offset: offset, partition: partition)
        }
      }
    }
    let offsets = try #require(store.existingTopic("__consumer_offsets"))
    let before = offsets.partitions.reduce(0) { $0 + $1.byteCount }
    #expect(try offsets.compactBlocking().removedRecordCount == 2 * 3 * 99)
    #expect(offsets.partitions.reduce(0) { $0 + $1.byteCount } < before / 10)
    try store.closeBlocking()
    let again = try openStore(disk, durability: .buffered)
    for group in ["billing", "shipping"] {
      let consumer = try await again.consumer(group: group, topic: "orders")
      for partition in 0..<3 {
        #expect(
          try consumer.committed(partition: partition)
            == Offset(rawValue: Int64(99 + partition)))
      }
    }
    try again.closeBlocking()
  }
}
