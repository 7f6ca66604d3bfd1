import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// A follower's log against its leader's, through changes of leaders, crashes and faults.
///
/// The model knows what the leader has, and what the follower had made durable that no leader has cut
/// since. The follower fetches as the rules say (docs/replication.md), in pieces of any size.
final class FollowerModel {
  private let clock = ModelClock()
  private(set) var disk = SimulatedDisk()
  private var store: LogStore?
  private(set) var leader = ModelLeader()
  /// All below it the follower has made durable, and no leader has lacked it since.
  private var durableEnd = Offset.zero
  private var generator: SeededGenerator
  private var sequence: Int32 = 0
  private let configuration: TopicConfiguration

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
    configuration = TopicConfiguration(
      cleanupPolicy: seed.isMultiple(of: 3) ? .compact : .delete, retention: [],
      segmentBytes: [1024, 4096, 64 << 10][Int(seed % 3)],
      indexIntervalBytes: [0, 300, 4096][Int(seed / 3 % 3)], deleteDelay: .milliseconds(20))
  }

  private func roll(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  /// Does steps until they are done or the disk has stopped.
  func run(stepCount: Int) throws {
    for _ in 0..<stepCount where !disk.isDown {
      clock.advance(byMilliseconds: Int64(roll(0...10)))
      do { try step() } catch let error as LogError {
        switch error {
        case .io, .diskFull, .poisoned: break
        default: if !disk.isDown { throw error }
        }
      }
    }
  }

  private func step() throws {
    guard let store else { return try open() }
    if store.isPoisoned { return try reopen() }
    let log = try replica(of: store)
    switch roll(0...99) {
    case 0..<25: write()
    case 25..<70:
      _ = try log.fetch(from: leader, maxBytes: [100, 1000, 20_000][roll(0...2)]) { end in
        durableEnd = min(durableEnd, end)
      }
      log.noteHighWatermark(min(log.endOffset, durableEnd))
    case 70..<78:
      // What lies behind missing records counts for nothing.
      let end = log.epochAndEnd.end
      if let failure = log.commitAndWait(isDirect: roll(0...3) == 0) { throw failure }
      durableEnd = min(end, try commonEnd(log))
    case 78..<84: store.runMaintenance()
    case 84..<88: changeLeader(log)
    case 88..<92:
      let span = Int(leader.end - leader.start)
      leader.deleteRecords(before: leader.start.advanced(by: Int64(roll(0...span / 2))))
    case 92..<94: try store.host([0], of: log.topic(of: store), partitionCount: 1)
    case 94..<96:
      leader.skip(configuration.isCompacted ? Int64(roll(0...20)) : 0)
      write()
    default: try reopen()
    }
  }

  /// Up to where the follower's log is the leader's: what lies behind is cut some day.
  private func commonEnd(_ log: PartitionLog) throws -> Offset {
    let found = Dictionary(
      try log.modelBatches().map { ($0.baseOffset, $0) }, uniquingKeysWith: { first, _ in first })
    let other = leader.batches.first { batch in
      batch.nextOffset > log.startOffset && found[batch.baseOffset] != batch
    }
    return other?.baseOffset ?? leader.end
  }

  private func write() {
    for _ in 0..<roll(1...6) {
      let count = roll(1...3)
      let hasProducer = roll(0...2) == 0
      leader.append(
        .random(
          recordCount: count, valueByteCount: roll(1...400), around: clock.nowMilliseconds(),
          producerID: hasProducer ? 7 : -1, firstSequence: hasProducer ? sequence : -1,
          using: &generator))
      if hasProducer { sequence += Int32(count) }
    }
  }

  /// Another broker leads: one that lacks the last batches, now and then one that has nothing of what
  /// the follower has.
  private func changeLeader(_ log: PartitionLog) {
    let epoch = leader.epoch + Int32(roll(1...3))
    if roll(0...9) == 0 {
      leader.restart(at: log.endOffset.advanced(by: Int64(roll(0...100))), epoch: epoch)
    } else {
      leader.change(droppingLast: roll(0...3) == 0 ? roll(0...30) : roll(0...5), to: epoch)
    }
    // What the follower has beyond it is cut some day.
    durableEnd = min(durableEnd, leader.end)
    sequence += 10
    log.follow(inEpoch: epoch)
  }

  private func open() throws {
    let opened = try openReplicaStore(disk, clock: clock)
    store = opened
    try check(try replica(of: opened))
  }

  /// The replica, which is made when it never was.
  private func replica(of store: LogStore) throws -> PartitionLog {
    if let log = store.replica {
      log.follow(inEpoch: leader.epoch)
      return log
    }
    try hold(durableEnd == .zero, "the replica is gone")
    let log = try store.makeReplica(configuration)
    log.follow(inEpoch: leader.epoch)
    return log
  }

  private func reopen() throws {
    let closing = store
    store = nil
    do throws(LogError) { try closing?.closeBlocking() } catch {}
    if !disk.isDown { try open() }
  }

  /// What was made durable is there, if no leader has taken it back.
  private func check(_ log: PartitionLog) throws {
    let position = log.epochAndEnd.end
    // Offsets may be missing at the end of what was durable.
    let certain = leader.batches.last { $0.nextOffset <= durableEnd }?.nextOffset ?? .zero
    try hold(position >= certain, "ends at \(position), and all below \(certain) was durable")
    let found = try log.modelBatches()
    let there = Set(found.map(\.baseOffset))
    for batch in leader.batches
    where batch.nextOffset <= durableEnd && batch.nextOffset > log.startOffset {
      try hold(there.contains(batch.baseOffset), "offset \(batch.baseOffset) is lost")
    }
    try LogAgreement(log: log, batches: found).check()
  }

  /// Goes on with what a crash has left.
  func restart(_ style: CrashStyle) throws {
    let crashed = store
    store = nil
    disk.onCall = nil
    let left = disk.crash(style, using: &generator)
    do throws(LogError) { try crashed?.closeBlocking() } catch {}
    disk = left
    if style == .keepAll { return try open() }
    try open()
  }

  /// The follower gets to where its leader is, and has what that has.
  func catchUp() throws {
    disk.onCall = nil
    if let store, store.isPoisoned { try reopen() }
    if store == nil { try open() }
    guard let store else { throw BrokenPromise("there is no store") }
    let log = try replica(of: store)
    var rounds = 0
    while try !log.fetch(
      from: leader, maxBytes: 3000, willCut: { durableEnd = min(durableEnd, $0) })
    {
      rounds += 1
      try hold(rounds < 10_000, "it never gets there")
    }
    try hold(try log.fetch(from: leader, maxBytes: 3000), "it does not stay there")
    try leader.check(log)
  }

  func stop() {
    let closing = store
    store = nil
    do throws(LogError) { try closing?.closeBlocking() } catch {}
  }
}

extension PartitionLog {
  fileprivate func topic(of store: LogStore) throws -> Topic {
    guard let topic = store.existingTopic(identity.topic) else {
      throw BrokenPromise("the topic is gone")
    }
    return topic
  }
}

struct FollowerModelTests {
  private func calls(seed: UInt64, stepCount: Int) throws -> Int {
    let calls = Shared(0)
    let run = FollowerModel(seed: seed)
    run.disk.onCall = { call in
      if call.isChange { calls.value.withLock { $0 += 1 } }
      return nil
    }
    try run.run(stepCount: stepCount)
    let count = calls.value.withLock { $0 }
    try run.catchUp()
    run.stop()
    return count
  }

  @Test(
    "a follower comes to have what its leader has, through crashes of all kinds",
    arguments: ModelEffort.seeds(12, long: 300))
  func randomOperations(seed: UInt64) {
    ModelEffort.replayable(seed) {
      var generator = SeededGenerator(seed: ~seed)
      let run = FollowerModel(seed: seed)
      for _ in 0..<5 {
        run.disk.onCall = DiskFault.crashing(nth: Int.random(in: 1...300, using: &generator))
        try run.run(stepCount: Int.random(in: 1...60, using: &generator))
        let style = CrashStyle.allCases[Int.random(in: 0..<4, using: &generator)]
        do { try run.restart(style) } catch { throw BrokenPromise("\(style): \(error)") }
        if Bool.random(using: &generator) { try run.catchUp() }
      }
      try run.catchUp()
      run.stop()
    }
  }

  @Test(
    "whatever call a crash comes at, what was durable survives and the follower catches up",
    arguments: ModelEffort.seeds(4, long: 12))
  func crashAtEachCall(seed: UInt64) throws {
    var total = 0
    ModelEffort.replayable(seed, "without a crash") { total = try calls(seed: seed, stepCount: 60) }
    let step = ModelEffort.isLong ? 3 : 29
    for nth in stride(from: 1 + Int(seed) % step, through: total, by: step) {
      for style in CrashStyle.allCases {
        ModelEffort.replayable(seed, "\(style) at call \(nth)") {
          let run = FollowerModel(seed: seed)
          run.disk.onCall = DiskFault.crashing(nth: nth)
          try run.run(stepCount: 60)
          try run.restart(style)
          try run.catchUp()
          run.stop()
        }
      }
    }
  }

  @Test(
    "whatever call fails, the follower catches up afterwards",
    arguments: ModelEffort.seeds(3, long: 10))
  func faults(seed: UInt64) throws {
    var total = 0
    ModelEffort.replayable(seed, "without a fault") { total = try calls(seed: seed, stepCount: 60) }
    let step = ModelEffort.isLong ? 5 : 41
    for nth in stride(from: 1 + Int(seed) % step, through: total, by: step) {
      for errno in [CInt(5), 28] {
        ModelEffort.replayable(seed, "errno \(errno) at call \(nth)") {
          let run = FollowerModel(seed: seed)
          run.disk.onCall = DiskFault.failing(nth: nth, errno: errno)
          try run.run(stepCount: 60)
          try run.catchUp()
          run.stop()
        }
      }
    }
  }
}
