import Glibc
import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Compaction that a power cut, the death of the process or a fault of the disk cuts short loses
/// nothing and goes on later.
struct CompactionCrashTests {
  /// A log with something to compact; every other one was compacted before.
  private func makeHistory(_ seed: UInt64) throws -> CompactedHistory {
    let history = try CompactedHistory(seed: seed)
    try history.run(stepCount: 120, compacts: seed.isMultiple(of: 2))
    history.clock.advance(byMilliseconds: Int64(seed % 3) * 600)
    try history.settle()
    return history
  }

  private func checkLater(_ history: CompactedHistory) throws {
    try history.check()
    try history.topic.compactBlocking()
    try history.endTransactions()
    try history.topic.compactBlocking()
    try history.check(isDone: true)
    let names = try history.disk.list(history.log.directory.path).map(\.name)
    try hold(
      !names.contains { $0.hasSuffix(".swap") || $0.hasSuffix(".cleaned") }, "left: \(names)")
  }

  @Test(
    "whatever call a crash comes at, no acknowledged key is lost and none comes back",
    arguments: ModelEffort.seeds(4, long: 24))
  func crashAtEachCall(seed: UInt64) {
    let step = ModelEffort.isLong ? 1 : 41
    for nth in stride(from: 1 + Int(seed) % step, through: .max, by: step) {
      var isOver = false
      ModelEffort.replayable(seed, "crash at call \(nth)") {
        isOver = try crash(seed: seed, at: nth)
      }
      if isOver { break }
    }
  }

  /// Returns whether the pass ended before the crash.
  private func crash(seed: UInt64, at nth: Int) throws -> Bool {
    let history = try makeHistory(seed)
    let crashed = history.disk
    crashed.onCall = DiskFault.crashing(nth: nth)
    try history.compactWithFaults()
    let isOver = !crashed.isDown
    for style in CrashStyle.allCases {
      var generator = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(nth))
      do {
        try history.restart(on: crashed.crash(style, using: &generator))
        try hold(history.store.recovery.damages.isEmpty, "damage is reported")
        // A second life of the same disk must not see what the checks have added to the model.
        try history.check()
        if style == CrashStyle.allCases.last { try checkLater(history) }
      } catch {
        throw BrokenPromise("\(style): \(error)")
      }
    }
    try history.store.closeBlocking()
    return isOver
  }

  @Test(
    "a crash while a crashed swap is ended costs nothing either",
    arguments: ModelEffort.seeds(2, long: 12))
  func crashDuringRecovery(seed: UInt64) {
    let step = ModelEffort.isLong ? 3 : 97
    for nth in stride(from: 1 + Int(seed) % step, through: .max, by: step) {
      var isOver = false
      ModelEffort.replayable(seed, "crash at call \(nth)") {
        isOver = try crashTwice(seed: seed, at: nth)
      }
      if isOver { break }
    }
  }

  private func crashTwice(seed: UInt64, at nth: Int) throws -> Bool {
    let history = try makeHistory(seed)
    let crashed = history.disk
    crashed.onCall = DiskFault.crashing(nth: nth)
    try history.compactWithFaults()
    let isOver = !crashed.isDown
    let secondStep = ModelEffort.isLong ? 7 : 23
    for (index, style) in CrashStyle.allCases.enumerated() {
      for second in stride(from: 1 + nth % secondStep, through: .max, by: secondStep) {
        var generator = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(nth))
        let left = crashed.crash(style, using: &generator)
        left.onCall = DiskFault.crashing(nth: second)
        do throws(LogError) {
          try CompactedHistory.open(left, history.clock).closeBlocking()
          break
        } catch {
          guard left.isDown else { throw error }
        }
        let secondStyle = CrashStyle.allCases[(index + second) % CrashStyle.allCases.count]
        do {
          try history.restart(on: left.crash(secondStyle, using: &generator))
          try history.check()
        } catch {
          throw BrokenPromise("\(style), then \(secondStyle) at call \(second): \(error)")
        }
      }
    }
    return isOver
  }

  @Test(
    "an error of any call loses nothing, and compaction goes on later",
    arguments: ModelEffort.seeds(4, long: 16), [EIO, ENOSPC])
  func faults(seed: UInt64, errno: CInt) {
    let step = ModelEffort.isLong ? 1 : 61
    for nth in stride(from: 1 + Int(seed) % step, through: .max, by: step) {
      var isOver = false
      ModelEffort.replayable(seed, "errno \(errno) at call \(nth)") {
        isOver = try fail(seed: seed, at: nth, errno: errno)
      }
      if isOver { break }
    }
  }

  private func fail(seed: UInt64, at nth: Int, errno: CInt) throws -> Bool {
    let history = try makeHistory(seed)
    let met = Shared(false)
    let fault = DiskFault.at(nth, .fail(errno: errno)) { call in
      // A full disk lets files be synced and removed.
      call.isChange && (errno == EIO || !["fsync", "fdatasync", "unlink"].contains(call.name))
    }
    history.disk.onCall = { call in
      let outcome = fault(call)
      if outcome != nil { met.value.withLock { $0 = true } }
      return outcome
    }
    try history.compactWithFaults()
    try history.check()
    history.disk.onCall = nil
    if history.store.services.isPoisoned {
      try hold(errno == EIO, "a full disk was taken for a failed sync")
      try history.restart(on: history.disk.crash(.keepAll))
    }
    try checkLater(history)
    try history.restart(on: history.disk.crash(.loseAllUnsynced))
    try history.store.closeBlocking()
    return !met.value.withLock { $0 }
  }
}
