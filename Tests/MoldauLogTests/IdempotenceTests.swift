import Glibc
import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Batches of idempotent producers: each is in the log once, whatever its producer sends again.
struct IdempotenceTests {
  /// A batch as a producer sends it.
  struct Sent: Sendable {
    var producer: Int64 = 7
    var epoch: Int16 = 0
    var sequence: Int32
    var count = 1

    func bytes(at timestampMilliseconds: Int64 = 1000) -> [UInt8] {
      var encoder = RecordBatchEncoder()
      for index in 0..<count {
        let value = Array("\(producer) \(epoch) \(Int(sequence) + index)".utf8)
        unsafe encoder.append(
          key: nil, value: value.span.bytes, timestampMilliseconds: timestampMilliseconds)
      }
      _ = encoder.finish(
        BatchFields(producerID: producer, producerEpoch: epoch, baseSequence: sequence))
      return unsafe encoder.bytes.withUnsafeBytes { unsafe Array($0) }
    }

    @discardableResult
    func send(
      to log: PartitionLog, origin: AppendOrigin = .client
    ) throws(LogError) -> AppendedBatch {
      let bytes = bytes()
      return try unsafe log.append(bytes.span.bytes, origin: origin)
    }
  }

  enum Outcome: Sendable {
    /// Appended at this offset.
    case new(Int64)
    /// Known from this offset.
    case again(Int64)
    case outOfOrder(expected: Int32)
    case fenced(by: Int16)
  }

  @Test(
    "batches are taken, known again or refused by their sequence and epoch",
    arguments: [
      // In order, the last one again, and a gap.
      [
        (Sent(sequence: 0, count: 3), Outcome.new(0)), (Sent(sequence: 3), .new(3)),
        (Sent(sequence: 3), .again(3)), (Sent(sequence: 0, count: 3), .again(0)),
        (Sent(sequence: 5), .outOfOrder(expected: 4)), (Sent(sequence: 4), .new(4)),
      ],
      // The first of a producer that is not known may have any sequence.
      [(Sent(sequence: 100), .new(0)), (Sent(sequence: 101), .new(1))],
      // Five batches are remembered, and only whole ones are known again.
      [
        (Sent(sequence: 0, count: 2), .new(0)), (Sent(sequence: 2, count: 2), .new(2)),
        (Sent(sequence: 4), .new(4)), (Sent(sequence: 5), .new(5)), (Sent(sequence: 6), .new(6)),
        (Sent(sequence: 0, count: 2), .again(0)), (Sent(sequence: 7), .new(7)),
        (Sent(sequence: 0, count: 2), .outOfOrder(expected: 8)),
        (Sent(sequence: 2, count: 1), .outOfOrder(expected: 8)),
        (Sent(sequence: 2, count: 2), .again(2)),
      ],
      // Sequences wrap.
      [
        (Sent(sequence: .max - 1, count: 2), .new(0)), (Sent(sequence: 0), .new(2)),
        (Sent(sequence: .max - 1, count: 2), .again(0)), (Sent(sequence: 1), .new(3)),
      ],
      [
        (Sent(sequence: .max, count: 3), .new(0)), (Sent(sequence: 2), .new(3)),
        (Sent(sequence: .max, count: 3), .again(0)),
      ],
      // A new epoch begins at 0 and ends the one before.
      [
        (Sent(sequence: 0), .new(0)), (Sent(epoch: 1, sequence: 1), .outOfOrder(expected: 0)),
        (Sent(epoch: 3, sequence: 0), .new(1)), (Sent(epoch: 3, sequence: 0), .again(1)),
        (Sent(epoch: 2, sequence: 0), .fenced(by: 3)), (Sent(sequence: 0), .fenced(by: 3)),
        (Sent(epoch: 3, sequence: 1), .new(2)),
      ],
      // Producers do not disturb each other.
      [
        (Sent(producer: 1, sequence: 0), .new(0)), (Sent(producer: 2, sequence: 0), .new(1)),
        (Sent(producer: 1, sequence: 0), .again(0)), (Sent(producer: 2, sequence: 1), .new(2)),
        (Sent(producer: 1, sequence: 2), .outOfOrder(expected: 1)),
      ],
    ])
  func verdicts(steps: [(sent: Sent, outcome: Outcome)]) throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    for step in steps {
      let end = log.endOffset
      switch step.outcome {
      case .new(let offset):
        let appended = try step.sent.send(to: log)
        #expect(appended.baseOffset.rawValue == offset && !appended.isDuplicate)
      case .again(let offset):
        let appended = try step.sent.send(to: log)
        #expect(appended.baseOffset.rawValue == offset && appended.isDuplicate)
        #expect(appended.lastOffset.rawValue == offset + Int64(step.sent.count) - 1)
        #expect(log.endOffset == end)
      case .outOfOrder(let expected):
        let error = LogError.outOfOrderSequence(
          producerID: step.sent.producer, expected: expected, found: step.sent.sequence)
        #expect(throws: error) { try step.sent.send(to: log) }
        #expect(log.endOffset == end)
      case .fenced(let current):
        let error = LogError.invalidProducerEpoch(
          producerID: step.sent.producer, epoch: step.sent.epoch, current: current)
        #expect(throws: error) { try step.sent.send(to: log) }
        #expect(throws: error) { try step.sent.send(to: log, origin: .coordinator) }
        #expect(log.endOffset == end)
      }
    }
    try store.closeBlocking()
  }

  @Test("a batch that is sent again gets the time that the log gave it first")
  func logAppendTime() throws {
    let clock = SetClock(5_000)
    let store = try openStore(SimulatedDisk(isCrashable: false), clock: clock)
    let log = try store.createTopic(
      "orders", TopicConfiguration(timestampType: .logAppendTime)
    ).partitions[0]
    let first = try Sent(sequence: 0).send(to: log)
    clock.set(6_000)
    let again = try Sent(sequence: 0).send(to: log)
    #expect(first.logAppendTimeMilliseconds == 5_000)
    #expect(again.isDuplicate && again.logAppendTimeMilliseconds == 5_000)
    try store.closeBlocking()
  }

  @Test("a batch that is sent again is acknowledged when the first is durable, and not before")
  func durability() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    try Sent(sequence: 0).send(to: log)
    let gate = CommitGate(store)
    let again = try Sent(sequence: 0).send(to: log)
    let isDone = Shared(false)
    let done = WakeSignal()
    log.whenDurable(below: again.lastOffset.advanced(by: 1)) { _ in
      isDone.value.withLock { $0 = true }
      done.wake()
    }
    #expect(!isDone.value.withLock { $0 })
    gate.open()
    done.sleep()
    let left = try openStore(disk.crash(.loseAllUnsynced))
    let recovered = try #require(left.existingTopic("orders")).partitions[0]
    #expect(recovered.endOffset == Offset(rawValue: 1))
    #expect(try Sent(sequence: 0).send(to: recovered).isDuplicate)
    try left.closeBlocking()
  }

  // MARK: Restarts

  @Test(
    "five batches are known again after a restart, others between them or not",
    arguments: [true, false], [1, 400])
  func restarts(isClean: Bool, fillCount: Int) throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let configuration = TopicConfiguration(
      retention: [], segmentBytes: 4096, indexIntervalBytes: 256)
    let log = try store.createTopic("orders", configuration).partitions[0]
    var offsets: [Int32: Offset] = [:]
    for sequence in 0..<10 as Range<Int32> {
      offsets[sequence] = try Sent(sequence: sequence).send(to: log).baseOffset
      for fill in 0..<fillCount { try Sent(producer: 8, sequence: Int32(fill)).sendFirst(to: log) }
    }
    if isClean { try store.closeBlocking() } else { store.runMaintenance() }
    let again = try openStore(isClean ? disk : disk.crash(.keepAll))
    let reopened = try #require(again.existingTopic("orders")).partitions[0]
    let end = reopened.endOffset
    for sequence in [5, 9, 6, 7, 8, 5] as [Int32] {
      let appended = try Sent(sequence: sequence).send(to: reopened)
      #expect(appended.isDuplicate && appended.baseOffset == offsets[sequence])
    }
    #expect(throws: LogError.self) { try Sent(sequence: 4).send(to: reopened) }
    #expect(throws: LogError.self) { try Sent(sequence: 11).send(to: reopened) }
    #expect(reopened.endOffset == end)
    #expect(try Sent(sequence: 10).send(to: reopened).baseOffset == end)
    try again.closeBlocking()
  }

  @Test(
    "a crash at any call and a producer that tries again leave every batch in the log once, in order"
  )
  func crashes() throws {
    for nth in stride(from: 1, through: .max, by: ModelEffort.isLong ? 1 : 7) {
      let disk = SimulatedDisk()
      let store = try openStore(disk)
      let configuration = TopicConfiguration(
        retention: [], segmentBytes: 1024, indexIntervalBytes: 128)
      let log = try store.createTopic("orders", configuration).partitions[0]
      disk.onCall = DiskFault.crashing(nth: nth)
      var acknowledged: Int32 = 0
      do throws(LogError) {
        // Three in flight, then one acknowledgement for all.
        for sequence in stride(from: 0 as Int32, to: 30, by: 3) {
          for next in sequence..<sequence + 3 { try Sent(sequence: next).send(to: log) }
          try commit(log)
          acknowledged = sequence + 3
          if sequence % 12 == 0 { store.runMaintenance() }
        }
      } catch {}
      let wasDown = disk.isDown
      var generator = SeededGenerator(seed: UInt64(nth))
      for style in CrashStyle.allCases {
        let again = try openStore(disk.crash(style, using: &generator))
        let recovered = try #require(again.existingTopic("orders")).partitions[0]
        #expect(recovered.endOffset.rawValue >= Int64(acknowledged))
        do {
          for sequence in acknowledged..<40 { try Sent(sequence: sequence).send(to: recovered) }
          #expect(try recovered.values() == (0..<40).map { "7 0 \($0)" }, "\(style) at \(nth)")
        } catch LogError.outOfOrderSequence {
          // The device had a later segment and lost the end of the one before: a reported gap, into
          // which nothing can be appended any more, and about which the producer is told.
          #expect(!again.recovery.damages.isEmpty)
          let values = try recovered.values()
          #expect(Set(values).count == values.count)
        }
        try again.closeBlocking()
      }
      if !wasDown { break }
    }
  }

  private func commit(_ log: PartitionLog) throws(LogError) {
    try log.waitUntilDurable(
      below: log.endOffset, AppendPlan(durability: .groupCommit(), codec: .none), reserved: 0)
  }

  // MARK: Forgetting

  @Test("a producer that is silent for too long is forgotten, one with an open transaction is not")
  func expiry() throws {
    let clock = SetClock(100_000_000)
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk, clock: clock)
    let log = try store.createTopic("orders", TopicConfiguration(retention: [])).partitions[0]
    // Their records are from 1970, which says nothing of when they were last here.
    try Sent(producer: 1, sequence: 0).send(to: log)
    try Sent(producer: 2, sequence: 0).send(to: log)
    try log.beginTransaction(producer: 3)
    store.runMaintenance()
    #expect(log.knownProducers == [1, 2, 3])
    clock.set(100_000_000 + 80_000_000)
    try Sent(producer: 2, sequence: 1).send(to: log)
    clock.set(100_000_000 + 86_400_000)
    store.runMaintenance()
    #expect(log.knownProducers == [2, 3])
    // One that is not known may go on anywhere.
    try Sent(producer: 1, sequence: 1).send(to: log)
    try store.closeBlocking()

    clock.set(100_000_000 + 80_000_000 + 86_400_000)
    let again = try openStore(disk, clock: clock)
    let reopened = try #require(again.existingTopic("orders")).partitions[0]
    again.runMaintenance()
    #expect(reopened.knownProducers == [1, 2, 3])
    clock.set(clock.nowMilliseconds() + 43_200_000)
    again.runMaintenance()
    #expect(reopened.knownProducers == [3])
    try again.closeBlocking()
  }

  @Test("what retention takes leaves its producers known, also after a crash")
  func retention() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    for sequence in 0..<3 as Range<Int32> { try Sent(sequence: sequence).send(to: log) }
    store.runMaintenance()
    #expect(log.startOffset == Offset(rawValue: 3))
    store.runMaintenance()
    try commit(log)
    let again = try openStore(disk.crash(.keepAll))
    let reopened = try #require(again.existingTopic("orders")).partitions[0]
    #expect(try Sent(sequence: 2).send(to: reopened).isDuplicate)
    #expect(throws: LogError.self) { try Sent(sequence: 4).send(to: reopened) }
    try again.closeBlocking()
  }

  @Test(
    "what follows a batch that could not be written is refused as it was, and not as out of order",
    arguments: [true, false])
  func unwritten(isKnown: Bool) throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    if isKnown { try Sent(sequence: 0).send(to: log) }
    let first: Int32 = isKnown ? 1 : 0
    disk.onCall = { $0.isChange ? .fail(errno: ENOSPC) : nil }
    #expect(throws: LogError.self) { try Sent(sequence: first).send(to: log) }
    disk.onCall = nil
    let error = LogError.unwrittenBatch(producerID: 7, sequence: first)
    for later in [first + 1, first + 4] {
      #expect(throws: error) { try Sent(sequence: later).send(to: log) }
    }
    // What was written before is known again, and others go on.
    if isKnown { #expect(try Sent(sequence: 0).send(to: log).isDuplicate) }
    try Sent(producer: 8, sequence: 5).send(to: log)
    for next in [first, first + 1] {
      #expect(try !Sent(sequence: next).send(to: log).isDuplicate)
    }
    let gap = LogError.outOfOrderSequence(producerID: 7, expected: first + 2, found: first + 4)
    #expect(throws: gap) { try Sent(sequence: first + 4).send(to: log) }
    try store.closeBlocking()
  }

  @Test("a batch that could not be written is forgotten with its producer's epoch, or a leadership")
  func unwrittenElsewhere() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    func send(_ sent: Sent, leaderEpoch: Int32) throws(LogError) -> AppendedBatch {
      let bytes = sent.bytes()
      return try unsafe log.append(bytes.span.bytes, leaderEpoch: leaderEpoch)
    }
    disk.onCall = { $0.isChange ? .fail(errno: ENOSPC) : nil }
    for producer in [7, 8] as [Int64] {
      #expect(throws: LogError.self) {
        try send(Sent(producer: producer, sequence: 4), leaderEpoch: 1)
      }
    }
    disk.onCall = nil
    #expect(try send(Sent(producer: 7, epoch: 1, sequence: 0), leaderEpoch: 1).baseOffset == .zero)
    #expect(throws: LogError.unwrittenBatch(producerID: 8, sequence: 4)) {
      try send(Sent(producer: 8, sequence: 5), leaderEpoch: 1)
    }
    #expect(try !send(Sent(producer: 8, sequence: 5), leaderEpoch: 2).isDuplicate)
    try store.closeBlocking()
  }

  @Test("a snapshot whose last sequence has wrapped knows the batch's first")
  func wrappedSnapshot() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    try Sent(sequence: .max - 1, count: 5).send(to: log)
    try store.closeBlocking()
    let again = try openStore(disk)
    let reopened = try #require(again.existingTopic("orders")).partitions[0]
    #expect(try Sent(sequence: .max - 1, count: 5).send(to: reopened).isDuplicate)
    try again.closeBlocking()
  }
}

extension IdempotenceTests.Sent {
  /// As a record of a producer whose earlier batches nobody remembers.
  fileprivate func sendFirst(to log: PartitionLog) throws(LogError) {
    var stranger = self
    stranger.producer = 1000 + log.endOffset.rawValue
    try stranger.send(to: log)
  }
}

extension PartitionLog {
  fileprivate var knownProducers: [Int64] {
    state.withLock { $0.producers.producers.keys.sorted() }
  }

  fileprivate func beginTransaction(producer: Int64) throws {
    var encoder = RecordBatchEncoder()
    let value: [UInt8] = [1]
    unsafe encoder.append(key: nil, value: value.span.bytes, timestampMilliseconds: 1)
    _ = encoder.finish(
      BatchFields(
        attributes: BatchAttributes(isTransactional: true), producerID: producer, producerEpoch: 0,
        baseSequence: 0))
    _ = try append(encoder.bytes)
  }
}
