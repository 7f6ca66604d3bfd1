import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Logs of followers that are emptied to go on elsewhere.
struct ResetTests {
  private static let configuration = TopicConfiguration(retention: [], segmentBytes: 1024)

  /// A follower with 60 records in several segments, of which the last 20 are not synced.
  private func makeFollower(_ disk: SimulatedDisk) throws -> (store: LogStore, log: PartitionLog) {
    let store = try openReplicaStore(disk)
    let log = try store.makeReplica(Self.configuration)
    for index in 0..<60 {
      _ = try log.append(value: "old \(index)")
      if index == 39 { #expect(log.commitAndWait() == nil) }
    }
    log.follow(inEpoch: 1)
    log.noteHighWatermark(Offset(rawValue: 30))
    return (store, log)
  }

  private func appendNew(_ log: PartitionLog, _ values: Range<Int>) throws {
    var batches = ModelLeader()
    batches.restart(at: log.endOffset, epoch: 1)
    for value in values {
      var encoder = RecordBatchEncoder()
      let bytes = Array("new \(value)".utf8)
      unsafe encoder.append(key: nil, value: bytes.span.bytes, timestampMilliseconds: 1)
      _ = encoder.finish(BatchFields())
      batches.append(
        try ModelBatch(parsing: unsafe encoder.bytes.withUnsafeBytes { unsafe Array($0) }[...]))
    }
    let all = batches.batches.flatMap(\.bytes)
    _ = try unsafe log.appendFromLeader(all.span.bytes, at: log.endOffset, epoch: 1)
  }

  @Test(
    "an emptied log goes on at its new start, above its old end or below, and readers keep their slices",
    arguments: [0, 7, 24, 59, 60, 500] as [Int64])
  func reset(target: Int64) throws {
    let disk = SimulatedDisk()
    let (store, log) = try makeFollower(disk)
    let slice = try #require(
      try log.read(from: .zero, limit: Offset(rawValue: .max), maxBytes: 1 << 20))
    let bytes = try slice.copyBytes()
    let offset = Offset(rawValue: target)
    try log.reset(to: offset, epoch: 1)
    #expect(log.startOffset == offset && log.endOffset == offset)
    #expect(log.lastStableOffset == offset)
    #expect(log.durableOffset <= offset && log.recoveryPoint <= offset)
    #expect(log.epochAndEnd == (-1, offset))
    #expect(try log.values() == [])
    try appendNew(log, 0..<40)
    #expect(try slice.copyBytes() == bytes)
    store.runMaintenance()
    let expected = (0..<40).map { "new \($0)" }
    #expect(try log.values() == expected)
    #expect(log.commitAndWait() == nil)
    let left = disk.crash(.loseAllUnsynced)
    withExtendedLifetime(store) {}
    for isClean in [false, true] {
      let again = try openReplicaStore(left)
      #expect(again.recovery.wasClean == isClean)
      let opened = try #require(again.replica)
      #expect(again.recovery.damages.isEmpty && again.recovery.losses.isEmpty)
      #expect(opened.startOffset == offset)
      #expect(try opened.values() == expected)
      try again.closeBlocking()
    }
  }

  @Test("what a producer had sent is forgotten with its records")
  func producers() throws {
    let store = try openReplicaStore(SimulatedDisk())
    let log = try store.makeReplica(Self.configuration)
    var generator = SeededGenerator(seed: 1)
    let batch = ModelBatch.random(
      recordCount: 1, valueByteCount: 10, around: 1_000_000, producerID: 7, firstSequence: 0,
      using: &generator)
    _ = try unsafe log.append(batch.bytes.span.bytes)
    log.follow(inEpoch: 1)
    try log.reset(to: Offset(rawValue: 9), epoch: 1)
    #expect(log.state.withLock { $0.producers.isEmpty })
    try store.closeBlocking()
  }

  @Test("a truncation below the log's start empties it")
  func truncateBelowStart() throws {
    let disk = SimulatedDisk()
    let (store, log) = try makeFollower(disk)
    try log.raiseStart(to: Offset(rawValue: 50), epoch: 1)
    store.runMaintenance()
    try log.truncate(to: Offset(rawValue: 20), epoch: 1)
    #expect(log.startOffset == Offset(rawValue: 20) && log.endOffset == Offset(rawValue: 20))
    try appendNew(log, 0..<5)
    #expect(try log.values() == (0..<5).map { "new \($0)" })
    try store.closeBlocking()
  }

  @Test(
    "a crash at any call leaves the old log or an empty one at the new start, and what is appended next",
    arguments: [10, 500] as [Int64])
  func crashes(target: Int64) throws {
    var outcomes: Set<String> = []
    let offset = Offset(rawValue: target)
    let old = (0..<60).map { "old \($0)" }
    for nth in stride(from: 1, through: .max, by: ModelEffort.isLong ? 1 : 2) {
      let disk = SimulatedDisk()
      let (store, log) = try makeFollower(disk)
      defer { withExtendedLifetime(store) {} }
      disk.onCall = DiskFault.crashing(nth: nth)
      var isDone = false
      do throws(LogError) {
        try log.reset(to: offset, epoch: 1)
        isDone = true
      } catch {
        guard disk.isDown else { throw error }
      }
      for style in CrashStyle.allCases {
        var generator = SeededGenerator(seed: UInt64(nth))
        let left = disk.crash(style, using: &generator)
        for round in 0..<2 {
          let again = try openReplicaStore(left)
          let opened = try #require(again.replica)
          let place = "\(style) at \(nth), opening \(round)"
          let values = try opened.values()
          let isNew =
            opened.startOffset == offset && opened.endOffset >= offset
            && values.allSatisfy { $0.hasPrefix("new") }
          if isNew {
            #expect(values == (round == 0 ? [] : ["new 0", "new 1", "new 2"]), "\(place)")
            outcomes.insert("new")
          } else {
            #expect(!isDone, "\(place)")
            #expect(opened.startOffset == .zero, "\(place)")
            // What was not synced may have holes, where the log ends for a follower.
            let end = Int(opened.epochAndEnd.end.rawValue)
            #expect(Array(values.prefix(end)) == Array(old.prefix(end)), "\(place)")
            #expect(end >= 40, "\(place)")
            outcomes.insert("old")
          }
          #expect(again.recovery.losses.isEmpty, "\(place)")
          #expect(
            again.recovery.damages.allSatisfy { !isNew && $0.offsets.lowerBound.rawValue >= 40 },
            "\(place)")
          if isNew, round == 0 {
            opened.follow(inEpoch: 1)
            try appendNew(opened, 0..<3)
          }
          try again.closeBlocking()
          if !isNew { break }
        }
      }
      if isDone { break }
    }
    #expect(outcomes == ["old", "new"])
  }

  @Test("a crash in the opening that ends a reset costs nothing either")
  func crashesTwice() throws {
    let offset = Offset(rawValue: 500)
    for nth in stride(from: 1, through: .max, by: ModelEffort.isLong ? 1 : 4) {
      let disk = SimulatedDisk()
      let (store, log) = try makeFollower(disk)
      defer { withExtendedLifetime(store) {} }
      disk.onCall = DiskFault.crashing(nth: nth)
      do throws(LogError) { try log.reset(to: offset, epoch: 1) } catch {
        guard disk.isDown else { throw error }
      }
      guard disk.isDown else { break }
      for second in stride(from: 1, through: .max, by: ModelEffort.isLong ? 1 : 3) {
        var generator = SeededGenerator(seed: UInt64(nth))
        let left = disk.crash(.keepAll, using: &generator)
        left.onCall = DiskFault.crashing(nth: second)
        do throws(LogError) {
          let opened = try openReplicaStore(left)
          left.onCall = nil
          try opened.closeBlocking()
          break
        } catch {
          guard left.isDown else { throw error }
        }
        for style in CrashStyle.allCases {
          let again = try openReplicaStore(left.crash(style, using: &generator))
          let opened = try #require(again.replica)
          let values = try opened.values()
          let isNew = opened.startOffset == offset && opened.endOffset == offset
          #expect(isNew ? values.isEmpty : values.count >= 40, "\(style) at \(nth), \(second)")
          #expect(again.recovery.losses.isEmpty, "\(style) at \(nth), \(second)")
          try again.closeBlocking()
        }
      }
    }
  }

  @Test("a fault before the first change leaves the log at work; one after it poisons the store")
  func faults() throws {
    let offset = Offset(rawValue: 500)
    for errno in [CInt(5), 28] {
      for nth in stride(from: 1, through: .max, by: ModelEffort.isLong ? 1 : 2) {
        let disk = SimulatedDisk()
        let (store, log) = try makeFollower(disk)
        disk.onCall = DiskFault.failing(nth: nth, errno: errno)
        var failure: LogError?
        do throws(LogError) { try log.reset(to: offset, epoch: 1) } catch { failure = error }
        disk.onCall = nil
        guard failure != nil else {
          try store.closeBlocking()
          break
        }
        if !store.isPoisoned {
          #expect(log.startOffset == .zero && log.endOffset == Offset(rawValue: 60))
          try appendNew(log, 0..<3)
          #expect(try log.values().count == 63)
          try log.reset(to: offset, epoch: 1)
          #expect(log.endOffset == offset)
        }
        do throws(LogError) { try store.closeBlocking() } catch {
          #expect(store.isPoisoned, "\(errno) at \(nth)")
        }
        let again = try openReplicaStore(disk)
        let opened = try #require(again.replica)
        let isNew = opened.startOffset == offset && opened.endOffset == offset
        #expect(try isNew || opened.values().count >= 40, "\(errno) at \(nth)")
        try again.closeBlocking()
      }
    }
  }
}
