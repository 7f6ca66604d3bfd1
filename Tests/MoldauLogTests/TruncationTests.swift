import MoldauDisk
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauLog

/// Logs that are cut while they are read and written.
struct TruncationTests {
  private static let rolling = TopicConfiguration(retention: [], segmentBytes: 1024)

  private func makeLog(
    _ disk: SimulatedDisk, _ configuration: TopicConfiguration, count: Int
  ) throws -> (store: LogStore, log: PartitionLog) {
    let store = try openStore(disk)
    let log = try store.createTopic("orders", configuration).partitions[0]
    for index in 0..<count { _ = try log.append(value: "old \(index)") }
    try commit(log)
    return (store, log)
  }

  @Test(
    "slices that were handed out before keep their bytes, whatever is appended after",
    arguments: [TopicConfiguration(), rolling])
  func slices(configuration: TopicConfiguration) throws {
    let (store, log) = try makeLog(SimulatedDisk(), configuration, count: 100)
    var slices: [(slice: LogSlice, bytes: [UInt8])] = []
    for raw in 0..<100 as Range<Int64> {
      let slice = try #require(
        try log.read(from: Offset(rawValue: raw), limit: log.endOffset, maxBytes: 4096))
      slices.append((slice, try slice.copyBytes()))
    }
    try log.truncate(to: Offset(rawValue: 40))
    for index in 40..<200 { _ = try log.append(value: "new value \(index)") }
    for (slice, bytes) in slices { #expect(try slice.copyBytes() == bytes) }
    let expected = (0..<40).map { "old \($0)" } + (40..<200).map { "new value \($0)" }
    #expect(try log.values() == expected)
    try store.closeBlocking()
  }

  @Test("nothing is synced with the append lock held")
  func syncsOutsideTheLock() throws {
    let disk = SimulatedDisk()
    let (store, log) = try makeLog(disk, Self.rolling, count: 100)
    let (free, held) = (Shared(0), Shared<[String]>([]))
    disk.onCall = { call in
      guard ["fdatasync", "fsync", "syncfs"].contains(call.name) else { return nil }
      if log.state.withLockIfAvailable({ _ in true }) == nil {
        held.value.withLock { $0.append(call.path) }
      } else {
        free.value.withLock { $0 += 1 }
      }
      return nil
    }
    try log.truncate(to: Offset(rawValue: 40))
    disk.onCall = nil
    #expect(held.value.withLock { $0 } == [])
    #expect(free.value.withLock { $0 } > 0)
    try store.closeBlocking()
  }

  @Test("an append that comes during the cut waits and goes behind it")
  func appendsWait() throws {
    let disk = SimulatedDisk()
    let (store, log) = try makeLog(disk, Self.rolling, count: 100)
    let threads = Shared<[EngineThread]>([])
    let outcome = Shared<Result<AppendedBatch, any Error>?>(nil)
    disk.onCall = { call in
      guard call.name == "fdatasync" else { return nil }
      threads.value.withLock { threads in
        guard threads.isEmpty else { return }
        threads.append(
          EngineThread(name: "append") {
            let result = Result { try log.append(value: "late") }
            outcome.value.withLock { $0 = result }
          })
      }
      return nil
    }
    try log.truncate(to: Offset(rawValue: 40))
    for thread in threads.value.withLock({ $0 }) { thread.join() }
    disk.onCall = nil
    let appended = try #require(outcome.value.withLock { $0 }).get()
    #expect(appended.baseOffset == Offset(rawValue: 40))
    #expect(try log.values() == (0..<40).map { "old \($0)" } + ["late"])
    try store.closeBlocking()
  }

  @Test(
    "a transaction whose end was cut is not taken for aborted", arguments: [false, true])
  func abortedTransaction(isSealed: Bool) throws {
    let disk = SimulatedDisk()
    let (store, log) = try makeLog(disk, TopicConfiguration(retention: []), count: 3)
    try log.appendTransactional("kept", sequence: 0)
    let end = log.endOffset
    try log.endTransaction(.abort)
    if isSealed { try log.rollNow() }
    store.runMaintenance()
    #expect(try log.abortedTransactions(from: .zero, to: log.endOffset).count == 1)
    try log.truncate(to: end)
    #expect(log.lastStableOffset == Offset(rawValue: 3))
    try log.endTransaction(.commit)
    try log.appendTransactional("again", sequence: 1)
    try log.endTransaction(.commit)
    try commit(log)
    #expect(try log.abortedTransactions(from: .zero, to: log.endOffset).isEmpty)
    for style in [CrashStyle.keepAll, .loseAllUnsynced] {
      let left = disk.crash(style)
      for _ in 0..<2 {
        let again = try openStore(left)
        let recovered = try #require(again.existingTopic("orders")).partitions[0]
        #expect(try recovered.abortedTransactions(from: .zero, to: recovered.endOffset).isEmpty)
        try again.closeBlocking()
      }
    }
  }

  @Test("a crash at any call of a cut leaves all below the cut, and a report of what is lost above")
  func crashes() throws {
    for nth in stride(from: 1, through: .max, by: ModelEffort.isLong ? 1 : 3) {
      let disk = SimulatedDisk()
      let (store, log) = try makeLog(disk, Self.rolling, count: 60)
      store.runMaintenance()
      disk.onCall = DiskFault.crashing(nth: nth)
      var isCut = true
      do throws(LogError) { try log.truncate(to: Offset(rawValue: 25)) } catch {
        isCut = false
        guard disk.isDown else { throw error }
      }
      for style in CrashStyle.allCases {
        var generator = SeededGenerator(seed: UInt64(nth))
        let again = try openStore(disk.crash(style, using: &generator))
        let values = try #require(again.existingTopic("orders")).partitions[0].values()
        let expected = (0..<60).map { "old \($0)" }
        #expect(Array(values.prefix(25)) == Array(expected.prefix(25)), "\(style) at \(nth)")
        #expect(!isCut || values.count == 25, "\(style) at \(nth)")
        // What is above may be there in part, and then the report says so.
        let lost = again.recovery.damages.reduce(0) {
          $0 + Int($1.offsets.upperBound - $1.offsets.lowerBound)
        }
        let end = try #require(values.last.flatMap(expected.firstIndex)) + 1
        #expect(values.count + lost == end, "\(style) at \(nth)")
        #expect(
          again.recovery.damages.allSatisfy { $0.offsets.lowerBound.rawValue >= 25 },
          "\(style) at \(nth)")
        try again.closeBlocking()
      }
      if isCut { break }
    }
  }
}

extension PartitionLog {
  fileprivate func appendTransactional(_ value: String, sequence: Int32) throws {
    var encoder = RecordBatchEncoder()
    let bytes = Array(value.utf8)
    unsafe encoder.append(key: nil, value: bytes.span.bytes, timestampMilliseconds: 1)
    _ = encoder.finish(
      BatchFields(
        attributes: BatchAttributes(isTransactional: true), producerID: 7, producerEpoch: 0,
        baseSequence: sequence))
    _ = try append(encoder.bytes)
  }

  fileprivate func endTransaction(_ kind: ControlRecord.Kind) throws {
    let batch = ControlRecord(kind: kind, coordinatorEpoch: 0).encodeBatch(
      timestampMilliseconds: 1,
      fields: BatchFields(
        attributes: BatchAttributes(isTransactional: true, isControl: true), producerID: 7,
        producerEpoch: 0))
    _ = try unsafe append(batch.span.bytes, origin: .coordinator)
  }
}
