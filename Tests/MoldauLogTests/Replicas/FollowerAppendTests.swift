import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// What a follower appends of what its leader has sent.
struct FollowerAppendTests {
  private static let epoch: Int32 = 3

  /// A leader's log of random batches, some of a producer, in the epochs 0 to 3.
  private func makeLeader(batchCount: Int, seed: UInt64 = 1) -> ModelLeader {
    var generator = SeededGenerator(seed: seed)
    var leader = ModelLeader()
    var sequence: Int32 = 0
    for index in 0..<batchCount {
      if index > 0, index.isMultiple(of: max(1, batchCount / 4)), leader.epoch < Self.epoch {
        leader.change(droppingLast: 0, to: leader.epoch + 1)
      }
      let count = Int.random(in: 1...5, using: &generator)
      let hasProducer = index.isMultiple(of: 3)
      leader.append(
        ModelBatch.random(
          recordCount: count, valueByteCount: Int.random(in: 1...300, using: &generator),
          around: 1_000_000 + Int64(index), producerID: hasProducer ? 7 : -1,
          firstSequence: hasProducer ? sequence : -1, using: &generator))
      if hasProducer { sequence += Int32(count) }
    }
    if leader.epoch < Self.epoch { leader.change(droppingLast: 0, to: Self.epoch) }
    return leader
  }

  private func bytes(_ leader: ModelLeader) -> [UInt8] { leader.batches.flatMap(\.bytes) }

  @Test(
    "many batches in one call are what each alone would be: offsets, times, epochs, producers, rolls",
    arguments: [1024, 4096, 1 << 30])
  func manyBatches(segmentBytes: Int) throws {
    let disk = SimulatedDisk()
    let store = try openReplicaStore(disk)
    let configuration = TopicConfiguration(
      retention: [], segmentBytes: segmentBytes, indexIntervalBytes: 300)
    let log = try store.makeReplica(configuration)
    log.follow(inEpoch: Self.epoch)
    let leader = makeLeader(batchCount: 200)
    let all = bytes(leader)
    let appended = try unsafe log.appendFromLeader(all.span.bytes, epoch: Self.epoch)
    #expect(appended == FollowerAppend(endOffset: leader.end, byteCount: all.count))
    try leader.check(log)
    #expect(log.segmentCount > 1 || segmentBytes > all.count)
    store.runMaintenance()
    try store.closeBlocking()
    let again = try openReplicaStore(disk)
    try leader.check(try #require(again.replica))
    try again.closeBlocking()
  }

  @Test("what goes to one segment is one write, and a part of a batch at the end is left alone")
  func oneWrite() throws {
    let disk = SimulatedDisk()
    let store = try openReplicaStore(disk)
    let log = try store.makeReplica()
    log.follow(inEpoch: Self.epoch)
    let leader = makeLeader(batchCount: 50)
    let all = bytes(leader)
    let last = try #require(leader.batches.last)
    let writes = Shared(0)
    disk.onCall = { call in
      if call.name.hasPrefix("pwrite") { writes.value.withLock { $0 += 1 } }
      return nil
    }
    for torn in [1, 60, 61, last.bytes.count - 1] {
      let end = log.endOffset
      let cut = Array(all.prefix(all.count - last.bytes.count + torn))
      let appended =
        end == .zero
        ? try unsafe log.appendFromLeader(cut.span.bytes, epoch: Self.epoch)
        : try unsafe log.appendFromLeader(
          Array(last.bytes.prefix(torn)).span.bytes, at: end, epoch: Self.epoch)
      #expect(appended.endOffset == last.baseOffset)
    }
    disk.onCall = nil
    #expect(writes.value.withLock { $0 } == 1)
    _ = try unsafe log.appendFromLeader(last.bytes.span.bytes, epoch: Self.epoch)
    try leader.check(log)
    try store.closeBlocking()
  }

  @Test(
    "what comes before a batch that is damaged or out of place is appended, and nothing behind it")
  func faults() throws {
    let leader = makeLeader(batchCount: 20)
    let good = leader.batches
    let faults: [(String, ([ModelBatch]) -> [[UInt8]])] = [
      (
        "a flipped bit",
        { batches in
          var bytes = batches.map(\.bytes)
          bytes[10][70] ^= 1
          return bytes
        }
      ),
      (
        "a batch that comes twice",
        { batches in
          let bytes = batches.map(\.bytes)
          return Array(bytes[..<10]) + [bytes[9]] + Array(bytes[10...])
        }
      ),
      (
        "another magic",
        { batches in
          var bytes = batches.map(\.bytes)
          bytes[10][16] = 1
          return bytes
        }
      ),
      (
        "an epoch above the leader's",
        { batches in
          var later = batches
          later[10].stamp(baseOffset: later[10].baseOffset, leaderEpoch: Self.epoch + 1)
          return later.map(\.bytes)
        }
      ),
    ]
    for (name, damage) in faults {
      let store = try openReplicaStore(SimulatedDisk())
      let log = try store.makeReplica()
      log.follow(inEpoch: Self.epoch)
      let all = damage(good).flatMap { $0 }
      #expect(throws: LogError.self, "\(name)") {
        try unsafe log.appendFromLeader(all.span.bytes, epoch: Self.epoch)
      }
      #expect(log.endOffset == good[9].nextOffset, "\(name)")
      #expect(try log.modelBatches() == Array(good[..<10]), "\(name)")
      let rest = good[10...].flatMap(\.bytes)
      _ = try unsafe log.appendFromLeader(rest.span.bytes, at: log.endOffset, epoch: Self.epoch)
      try leader.check(log)
      try store.closeBlocking()
    }
  }

  @Test(
    "offsets are missing only where the topic may have gaps, or where the leader's log has them")
  func gaps() throws {
    for (isCompacted, isExpected) in [(false, false), (false, true), (true, false), (true, true)] {
      let disk = SimulatedDisk()
      let store = try openReplicaStore(disk)
      let log = try store.makeReplica(
        TopicConfiguration(cleanupPolicy: isCompacted ? .compact : .delete, retention: []))
      log.follow(inEpoch: 0)
      var leader = ModelLeader()
      var generator = SeededGenerator(seed: 5)
      for gap in [0, 4, 0, 100] {
        leader.skip(Int64(gap))
        leader.append(
          .random(recordCount: 2, valueByteCount: 10, around: 1_000_000, using: &generator))
      }
      let all = bytes(leader)
      guard isCompacted || isExpected else {
        #expect(throws: LogError.self) {
          try unsafe log.appendFromLeader(all.span.bytes, epoch: 0)
        }
        #expect(log.endOffset == .zero)
        continue
      }
      _ = try unsafe log.appendFromLeader(
        all.span.bytes, at: isExpected ? .zero : nil, epoch: 0)
      try leader.check(log)
      #expect(log.commitAndWait() == nil)
      // Recovery does not take them for damage.
      let again = try openReplicaStore(disk.crash(.loseAllUnsynced))
      #expect(again.recovery.damages.isEmpty && again.recovery.losses.isEmpty)
      try leader.check(try #require(again.replica))
      try again.closeBlocking()
    }
  }

  @Test("a log that has moved since the fetch refuses what was fetched")
  func staleFetch() throws {
    let store = try openReplicaStore(SimulatedDisk())
    let log = try store.makeReplica()
    log.follow(inEpoch: Self.epoch)
    let leader = makeLeader(batchCount: 20)
    let half = leader.batches[..<10].flatMap(\.bytes)
    _ = try unsafe log.appendFromLeader(half.span.bytes, at: .zero, epoch: Self.epoch)
    let fetchedAt = log.endOffset
    let rest = leader.batches[10...].flatMap(\.bytes)
    try log.truncate(to: leader.batches[5].baseOffset, epoch: Self.epoch)
    #expect(
      throws: LogError.offsetOutOfRange(
        offset: fetchedAt, first: .zero, next: leader.batches[5].baseOffset)
    ) { try unsafe log.appendFromLeader(rest.span.bytes, at: fetchedAt, epoch: Self.epoch) }
    #expect(log.endOffset == leader.batches[5].baseOffset)
    try store.closeBlocking()
  }

  @Test("an empty log begins with the whole batch where the leader's begins in the middle of it")
  func beginsInBatch() throws {
    let disk = SimulatedDisk()
    let store = try openReplicaStore(disk)
    let log = try store.makeReplica()
    log.follow(inEpoch: 0)
    var leader = ModelLeader()
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<4 {
      leader.append(
        .random(recordCount: 10, valueByteCount: 10, around: 1_000_000, using: &generator))
    }
    leader.deleteRecords(before: Offset(rawValue: 15))
    #expect(try !log.fetch(from: leader, maxBytes: 1 << 20))
    #expect(log.startOffset == Offset(rawValue: 15))
    #expect(try log.fetch(from: leader, maxBytes: 1 << 20))
    #expect(log.startOffset == Offset(rawValue: 15))
    try leader.check(log)
    try store.closeBlocking()
    let again = try openReplicaStore(disk)
    try leader.check(try #require(again.replica))
    try again.closeBlocking()
  }

  @Test("offsets may leap by more than a segment's index can tell")
  func farLeap() throws {
    let far = Int64(Int32.max) * 3
    for isEmpty in [true, false] {
      let disk = SimulatedDisk()
      let store = try openReplicaStore(disk)
      let log = try store.makeReplica(
        TopicConfiguration(cleanupPolicy: .compact, retention: []))
      log.follow(inEpoch: 0)
      var leader = ModelLeader()
      var generator = SeededGenerator(seed: 5)
      func add() {
        leader.append(
          .random(recordCount: 2, valueByteCount: 10, around: 1_000_000, using: &generator))
      }
      if !isEmpty { add() }
      leader.skip(far)
      add()
      leader.skip(far)
      add()
      #expect(try log.fetch(from: leader, maxBytes: 1 << 20))
      try leader.check(log)
      store.runMaintenance()
      #expect(log.commitAndWait() == nil)
      let again = try openReplicaStore(disk.crash(.loseAllUnsynced))
      try leader.check(try #require(again.replica))
      try again.closeBlocking()
    }
  }

  @Test(
    "a write that fails leaves the log as it was before that segment's batches",
    arguments: [CInt(28), CInt(5)])
  func failingWrite(errno: CInt) throws {
    let leader = makeLeader(batchCount: 100)
    let all = bytes(leader)
    for nth in 1... {
      let disk = SimulatedDisk()
      let store = try openReplicaStore(disk)
      let log = try store.makeReplica(TopicConfiguration(retention: [], segmentBytes: 4096))
      log.follow(inEpoch: Self.epoch)
      disk.onCall = DiskFault.at(nth, .failAfterWriting(byteCount: 1000, errno: errno)) {
        $0.isChange && $0.path.contains("orders-0")
      }
      var hasFailed = false
      do throws(LogError) {
        _ = try unsafe log.appendFromLeader(all.span.bytes, epoch: Self.epoch)
      } catch {
        hasFailed = true
      }
      disk.onCall = nil
      let found = try log.modelBatches()
      #expect(found == Array(leader.batches.prefix(found.count)))
      let rest = leader.batches[found.count...].flatMap(\.bytes)
      _ = try unsafe log.appendFromLeader(rest.span.bytes, at: log.endOffset, epoch: Self.epoch)
      try leader.check(log)
      #expect(log.commitAndWait() == nil)
      let again = try openReplicaStore(disk.crash(.loseAllUnsynced))
      try leader.check(try #require(again.replica))
      try again.closeBlocking()
      guard hasFailed else { break }
    }
  }
}
