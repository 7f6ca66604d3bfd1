import MoldauDisk
import MoldauFormat
import MoldauInspect
import MoldauLog
import Testing

/// What `verify` says of logs that were compacted.
struct CompactedLogTests {
  @Test("a compacted log is in order: gaps, emptied batches and horizons are no problem")
  func verifies() async throws {
    let disk = SimulatedDisk(isCrashable: false)
    var configuration = StoreConfiguration()
    // Else the store compacts by itself, and leaves nothing for the last run to remove.
    configuration.runsMaintenance = false
    let store = try LogStore.open(
      at: "/store", configuration, disk: disk, clock: SystemWallClock())
    let topic = try store.createTopic(
      "orders", TopicConfiguration(cleanupPolicy: .compact, segmentBytes: 1024))
    for index in 0..<200 {
      let key = "\(index % 9)"
      let record = index % 7 == 0 ? Record.tombstone(key: key) : Record(key: key, value: "\(index)")
      try await topic.append(record)
      if index % 90 == 89 { try await topic.compact() }
    }
    #expect(try await topic.compact().removedRecordCount > 0)
    try store.closeBlocking()
    var messages: [String] = []
    var verifier = Verifier(disk: disk) { messages.append("\($0)") }
    let summary = try verifier.run("/store")
    #expect(summary.problemCount == 0, "\(messages)")
  }
}
