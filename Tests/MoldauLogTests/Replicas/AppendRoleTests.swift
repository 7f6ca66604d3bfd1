import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Who may append to the log of a replica.
struct AppendRoleTests {
  private func client(_ log: PartitionLog, epoch: Int32) throws(LogError) {
    var encoder = RecordBatchEncoder()
    let value: [UInt8] = [1, 2, 3]
    unsafe encoder.append(key: nil, value: value.span.bytes, timestampMilliseconds: 1)
    _ = encoder.finish(BatchFields())
    _ = try log.append(encoder.bytes, leaderEpoch: epoch)
  }

  private func leader(_ log: PartitionLog, epoch: Int32) throws(LogError) {
    var generator = SeededGenerator(seed: 1)
    var batch = ModelBatch.random(
      recordCount: 1, valueByteCount: 10, around: 1, using: &generator)
    batch.stamp(baseOffset: log.endOffset, leaderEpoch: epoch)
    _ = try unsafe log.appendFromLeader(batch.bytes.span.bytes, epoch: epoch)
  }

  private func isTaken(_ append: () throws(LogError) -> Void) throws -> Bool {
    do throws(LogError) { try append() } catch {
      #expect(error == .notLeader)
      return false
    }
    return true
  }

  @Test("each role takes its appends, in its epoch, and no others")
  func roles() throws {
    let store = try openReplicaStore(SimulatedDisk())
    let log = try store.makeReplica()
    #expect(try isTaken { () throws(LogError) in try client(log, epoch: 9) })
    #expect(try !isTaken { () throws(LogError) in try leader(log, epoch: 9) })
    log.lead(inEpoch: 10)
    for (epoch, isRight) in [(9, false), (10, true), (11, false)] as [(Int32, Bool)] {
      #expect(try isTaken { () throws(LogError) in try client(log, epoch: epoch) } == isRight)
    }
    #expect(try !isTaken { () throws(LogError) in try leader(log, epoch: 10) })
    log.follow(inEpoch: 12)
    for (epoch, isRight) in [(11, false), (12, true), (13, false)] as [(Int32, Bool)] {
      #expect(try isTaken { () throws(LogError) in try leader(log, epoch: epoch) } == isRight)
      #expect(try !isTaken { () throws(LogError) in try client(log, epoch: epoch) })
      #expect(
        try isTaken { () throws(LogError) in try log.truncate(to: log.endOffset, epoch: epoch) }
          == isRight)
    }
    log.resign()
    #expect(try !isTaken { () throws(LogError) in try client(log, epoch: 12) })
    #expect(try !isTaken { () throws(LogError) in try leader(log, epoch: 12) })
    #expect(
      try !isTaken { () throws(LogError) in try log.truncate(to: .zero, epoch: 12) })
    #expect(
      try !isTaken { () throws(LogError) in try log.reset(to: log.endOffset, epoch: 12) })
    try store.closeBlocking()
  }

  @Test("a record of the embedding API is for the leader's log as any other")
  func single() throws {
    let store = try openReplicaStore(SimulatedDisk())
    let log = try store.makeReplica()
    // Small ones go through a window from the second on.
    for _ in 0..<3 { _ = try log.append(Record(value: "v")) }
    log.follow(inEpoch: 1)
    #expect(throws: LogError.notLeader) { try log.append(Record(value: "v")) }
    log.lead(inEpoch: 2)
    #expect(throws: LogError.notLeader) { try log.append(Record(value: "v")) }
    #expect(log.endOffset == Offset(rawValue: 3))
    try store.closeBlocking()
  }

  @Test("an append that was checked before the role changed is refused when it comes to the lock")
  func race() throws {
    let store = try openReplicaStore(SimulatedDisk())
    let log = try store.makeReplica()
    log.lead(inEpoch: 1)
    let appended = Shared<Result<Void, any Error>?>(nil)
    // The lock is held while the append is checked; the role changes before it is let go.
    let begun = WakeSignal()
    var thread: EngineThread?
    log.state.withLock { state in
      thread = EngineThread(name: "append") {
        begun.wake()
        let result = Result { try self.client(log, epoch: 1) }
        appended.value.withLock { $0 = result }
      }
      begun.sleep()
      state.role = .leader(epoch: 2)
    }
    thread?.join()
    #expect(throws: LogError.notLeader) {
      try #require(appended.value.withLock { $0 }).get()
    }
    #expect(log.endOffset == .zero)
    try store.closeBlocking()
  }

  @Test("a duplicate is the leader's to answer")
  func duplicates() throws {
    let store = try openReplicaStore(SimulatedDisk())
    let log = try store.makeReplica()
    var generator = SeededGenerator(seed: 1)
    let batch = ModelBatch.random(
      recordCount: 1, valueByteCount: 10, around: 1_000_000, producerID: 7, firstSequence: 0,
      using: &generator)
    log.lead(inEpoch: 1)
    _ = try unsafe log.append(batch.bytes.span.bytes, leaderEpoch: 1)
    #expect(try unsafe log.append(batch.bytes.span.bytes, leaderEpoch: 1).isDuplicate)
    log.resign()
    #expect(throws: LogError.notLeader) {
      try unsafe log.append(batch.bytes.span.bytes, leaderEpoch: 1)
    }
    try store.closeBlocking()
  }

  @Test("an epoch is noted where it began, though nothing is written in it")
  func epochs() throws {
    let store = try openReplicaStore(SimulatedDisk())
    let log = try store.makeReplica()
    for epoch in [1, 4, 6] as [Int32] {
      log.lead(inEpoch: epoch)
      if epoch != 4 { try client(log, epoch: epoch) }
    }
    log.lead(inEpoch: 9)
    #expect(log.epochAndEnd == (9, Offset(rawValue: 2)))
    let ends = [0, 1, 3, 5, 6, 8, 9].map { log.endOffset(ofEpoch: $0)?.end.rawValue }
    #expect(ends == [nil, 1, 1, 1, 2, 2, 2])
    // What a follower cuts where it has no such epoch: all that is of later ones.
    log.follow(inEpoch: 10)
    let end = Offset(rawValue: 100)
    let cuts = [0, 1, 5, 6, 8, 9].map {
      log.truncationOffset(ofDivergingEpoch: $0, end: end).rawValue
    }
    #expect(cuts == [0, 1, 1, 2, 2, 2])
    // Nothing is cut, but the epoch in which nothing was written goes.
    try log.truncate(to: Offset(rawValue: 2), epoch: 10)
    #expect(log.epochAndEnd == (6, Offset(rawValue: 2)))
    try store.closeBlocking()
  }
}
