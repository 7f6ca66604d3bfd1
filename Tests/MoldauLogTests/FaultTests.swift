import Glibc
import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Calls to the disk that fail, one in each run: what was acknowledged stays, the store says what is
/// wrong, and works again afterwards.
struct FaultTests {
  private static let stepCount = 50
  private typealias Hook = @Sendable (DiskCall) -> DiskFault?

  /// How often calls that `matches` are made in a run that nothing disturbs.
  private func callCount(
    seed: UInt64, where matches: @escaping @Sendable (DiskCall) -> Bool
  ) throws -> Int {
    let calls = Shared(0)
    let run = ModelStore(seed: seed)
    run.disk.onCall = { call in
      if matches(call) { calls.value.withLock { $0 += 1 } }
      return nil
    }
    try run.run(stepCount: Self.stepCount)
    run.stop()
    return calls.value.withLock { $0 }
  }

  /// Lets each call that `matches` fail in turn, a few of them by default.
  private func failEach(
    seed: UInt64, _ fault: @escaping @Sendable (Int) -> DiskFault,
    where matches: @escaping @Sendable (DiskCall) -> Bool, mayPoison: Bool = true
  ) {
    var total = 0
    ModelEffort.replayable(seed, "without a fault") {
      total = try callCount(seed: seed, where: matches)
    }
    let step = max(1, total / (ModelEffort.isLong ? 30 : 6))
    for nth in stride(from: 1 + Int(seed) % step, through: total, by: step) {
      ModelEffort.replayable(seed, "fault at call \(nth)") {
        if ModelEffort.isTracing { print("fault at call \(nth)") }
        let run = ModelStore(seed: seed)
        run.disk.onCall = DiskFault.at(nth, fault(nth), where: matches)
        try run.run(stepCount: Self.stepCount)
        try hold(mayPoison || !run.wasPoisoned, "a full disk was taken for a failed sync")
        try run.heal()
        try survivePowerCut(run)
      }
    }
  }

  /// What is acknowledged as durable after a fault is durable.
  private func survivePowerCut(_ run: ModelStore) throws {
    run.stop()
    let left = run.disk.crash(.loseAllUnsynced)
    try CrashAftermath(
      topics: run.topics, clock: run.clock, style: .loseAllUnsynced, isSecondCrash: true
    ).check(left)
  }

  @Test(
    "a failed sync ends appends, reads go on, and what a reopened store calls durable is durable",
    arguments: ModelEffort.seeds(3, long: 8))
  func failingSyncs(seed: UInt64) {
    failEach(seed: seed, { _ in .fail(errno: EIO) }, where: Self.isSync)
  }

  private static let isSync: @Sendable (DiskCall) -> Bool = {
    ["fdatasync", "fsync", "syncfs"].contains($0.name)
  }

  @Test(
    "an input/output error of any other change loses nothing that was acknowledged",
    arguments: ModelEffort.seeds(3, long: 8))
  func failingChanges(seed: UInt64) {
    failEach(seed: seed, { _ in .fail(errno: EIO) }, where: { $0.isChange && !Self.isSync($0) })
  }

  @Test("a failed read loses nothing", arguments: ModelEffort.seeds(2, long: 8))
  func failingReads(seed: UInt64) {
    failEach(seed: seed, { _ in .fail(errno: EIO) }, where: { !$0.isChange })
  }

  @Test(
    "a disk that is full for a moment is no failed sync and loses nothing",
    arguments: ModelEffort.seeds(3, long: 8))
  func fullForACall(seed: UInt64) {
    failEach(
      seed: seed, { _ in .fail(errno: ENOSPC) },
      where: {
        ["open", "pwrite", "pwritev", "fallocate", "mkdir"].contains($0.name) && $0.isChange
      },
      mayPoison: false)
  }

  @Test("a write that stops half way is taken back", arguments: ModelEffort.seeds(3, long: 8))
  func partialWrites(seed: UInt64) {
    failEach(
      seed: seed,
      { nth in
        .failAfterWriting(
          byteCount: nth % 3 == 0 ? 100 : nth * 37 % 5000, errno: [EIO, ENOSPC][nth % 2])
      }, where: { ["pwrite", "pwritev"].contains($0.name) })
  }

  @Test(
    "a full disk refuses appends and takes them again when there is room",
    arguments: ModelEffort.seeds(4, long: 40))
  func fullDisk(seed: UInt64) {
    ModelEffort.replayable(seed) {
      let run = ModelStore(seed: seed)
      try run.run(stepCount: 10)
      run.disk.capacity = run.disk.usedBytes + Int(seed % 4) * 20_000
      try run.run(stepCount: Self.stepCount)
      try hold(!run.wasPoisoned, "a full disk was taken for a failed sync")
      run.disk.capacity = nil
      try run.heal()
      try run.run(stepCount: 10)
      try run.heal()
      try survivePowerCut(run)
    }
  }

  @Test("an append that finds no room says so, and the next one with room goes where it would have")
  func diskFullError() throws {
    let disk = SimulatedDisk()
    let store = try ModelStore.open(disk, clock: ModelClock())
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    _ = try log.append(value: "first")
    disk.capacity = disk.usedBytes
    let large = String(repeating: "x", count: 9000)
    #expect(throws: LogError.diskFull(path: "/store/orders-0/00000000000000000000.log")) {
      try log.append(value: large)
    }
    #expect(log.endOffset == Offset(rawValue: 1))
    #expect(try log.values() == ["first"])
    disk.capacity = nil
    #expect(try log.append(value: large).baseOffset == Offset(rawValue: 1))
    #expect(try log.values() == ["first", large])
    try store.closeBlocking()
  }

  @Test("a commit on a full disk syncs the segments, for the journal has no room")
  func journalWithoutRoom() throws {
    let disk = SimulatedDisk()
    let store = try ModelStore.open(disk, clock: ModelClock())
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    for index in 0..<10 { _ = try log.append(value: "value \(index)") }
    disk.capacity = disk.usedBytes
    #expect(log.commitAndWait() == nil)
    let again = try ModelStore.open(disk.crash(.loseAllUnsynced), clock: ModelClock())
    let recovered = try #require(again.existingTopic("orders")).partitions[0]
    #expect(try recovered.values() == (0..<10).map { "value \($0)" })
    try again.closeBlocking()
  }
}
