import Foundation
import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// How much the randomised tests do: `MOLDAU_LONG_TESTS=1` for more of it, `MOLDAU_SEED` for one seed.
enum ModelEffort {
  static let isLong = ProcessInfo.processInfo.environment["MOLDAU_LONG_TESTS"] != nil
  /// Whether each step is printed, with the number of calls to the disk so far.
  static let isTracing = ProcessInfo.processInfo.environment["MOLDAU_TRACE"] != nil
  private static let seed = ProcessInfo.processInfo.environment["MOLDAU_SEED"].flatMap(UInt64.init)

  static func seeds(_ count: UInt64, long: UInt64) -> [UInt64] {
    seed.map { [$0] } ?? Array(1...(isLong ? long : count))
  }

  /// Runs `body` and says, should it fail, how to run it again.
  static func replayable(
    _ seed: UInt64, _ place: @autoclosure () -> String = "", _ body: () throws -> Void
  ) {
    do { try body() } catch {
      Issue.record("MOLDAU_SEED=\(seed) \(place()): \(error)")
    }
  }
}

/// A power cut or the death of the process at each call to the disk in turn.
struct CrashTests {
  private static let stepCount = 60

  /// The number of calls that change the disk in a run that nothing disturbs.
  private func callCount(seed: UInt64) throws -> Int {
    let calls = Shared(0)
    let run = ModelStore(seed: seed)
    run.disk.onCall = { call in
      if ModelEffort.isTracing {
        print("  \(calls.value.withLock { $0 }) \(call.name) \(call.path)")
      }
      if call.isChange { calls.value.withLock { $0 += 1 } }
      return nil
    }
    try run.run(stepCount: Self.stepCount)
    let count = calls.value.withLock { $0 }
    try run.check()
    run.stop()
    return count
  }

  @Test(
    "whatever call a crash comes at, acknowledged records survive and none is invented",
    arguments: ModelEffort.seeds(6, long: 16))
  func crashAtEachCall(seed: UInt64) throws {
    var total = 0
    ModelEffort.replayable(seed, "without a crash") { total = try callCount(seed: seed) }
    let step = ModelEffort.isLong ? 9 : 43
    for nth in stride(from: 1 + Int(seed) % step, through: total, by: step) {
      ModelEffort.replayable(seed, "crash at call \(nth)") {
        try crash(seed: seed, at: nth)
      }
    }
  }

  private func crash(seed: UInt64, at nth: Int) throws {
    let run = ModelStore(seed: seed)
    run.disk.onCall = DiskFault.crashing(nth: nth)
    try run.run(stepCount: Self.stepCount)
    run.stop()
    for style in CrashStyle.allCases {
      var generator = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(nth))
      let left = run.disk.crash(style, using: &generator)
      do {
        try CrashAftermath(topics: run.topics, clock: run.clock, style: style).check(left)
      } catch {
        throw BrokenPromise("\(style): \(error)")
      }
    }
  }

  @Test(
    "a crash during recovery costs nothing either", arguments: ModelEffort.seeds(3, long: 12))
  func crashDuringRecovery(seed: UInt64) throws {
    var total = 0
    ModelEffort.replayable(seed, "without a crash") { total = try callCount(seed: seed) }
    let step = ModelEffort.isLong ? 47 : 97
    for nth in stride(from: 5 + Int(seed) % step, through: total, by: step) {
      ModelEffort.replayable(seed, "first crash at call \(nth)") {
        try crashTwice(seed: seed, at: nth)
      }
    }
  }

  private func crashTwice(seed: UInt64, at nth: Int) throws {
    let run = ModelStore(seed: seed)
    run.disk.onCall = DiskFault.crashing(nth: nth)
    try run.run(stepCount: Self.stepCount)
    run.stop()
    let secondStep = ModelEffort.isLong ? 17 : 61
    for (index, style) in CrashStyle.allCases.enumerated() {
      for second in stride(from: 1 + nth % secondStep, through: .max, by: secondStep) {
        var generator = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(nth))
        let left = run.disk.crash(style, using: &generator)
        left.onCall = DiskFault.crashing(nth: second)
        do throws(LogError) {
          try ModelStore.open(left, clock: run.clock).closeBlocking()
          break
        } catch {
          guard left.isDown else { throw error }
        }
        let secondStyle = CrashStyle.allCases[(index + second) % CrashStyle.allCases.count]
        do {
          try CrashAftermath(
            topics: run.topics, clock: run.clock,
            style: style == .keepAll ? secondStyle : style, isSecondCrash: true
          ).check(left.crash(secondStyle, using: &generator))
        } catch {
          throw BrokenPromise("\(style), then \(secondStyle) at call \(second): \(error)")
        }
      }
    }
  }
}

/// What holds after any crash.
struct CrashAftermath {
  let topics: [String: ModelTopic]
  let clock: ModelClock
  let style: CrashStyle
  /// Damage that a recovery has mended before it crashed itself is in no report any more.
  var isSecondCrash = false

  func check(_ left: SimulatedDisk) throws {
    let store = try ModelStore.open(left, clock: clock)
    let check = ModelCheck(
      topics: topics, keepsAll: style == .keepAll, damages: store.recovery.damages,
      reportWasLost: isSecondCrash)
    let contents = try check.run(store)
    for entry in try left.list(ModelStore.path) {
      try hold(!entry.name.hasPrefix("moldau-journal"), "\(entry.name) was left")
    }
    try checkAppends(store)
    try store.closeBlocking()

    let again = try ModelStore.open(left, clock: clock)
    try hold(again.recovery.wasClean, "not clean after a clean stop")
    for (name, before) in contents {
      let log = again.existingTopic(name.topic)?.partitions[Int(name.partition)]
      let after = try log?.modelBatches() ?? []
      try hold(Array(after.dropLast()) == before, "\(name) is another one after a clean stop")
      if let log { try LogAgreement(log: log, batches: after).check() }
    }
    try again.closeBlocking()
  }

  /// Each log goes on at its end.
  private func checkAppends(_ store: LogStore) throws {
    var generator = SeededGenerator(seed: 1)
    for log in store.topics.flatMap(\.partitions) {
      let batch = ModelBatch.random(
        recordCount: 1, valueByteCount: 10, around: clock.nowMilliseconds(), using: &generator)
      let end = log.endOffset
      let epoch = max(0, log.latestLeaderEpoch)
      let appended = try unsafe log.append(batch.bytes.span.bytes, leaderEpoch: epoch)
      try hold(appended.baseOffset == end, "appended at \(appended.baseOffset), not at \(end)")
    }
  }
}
