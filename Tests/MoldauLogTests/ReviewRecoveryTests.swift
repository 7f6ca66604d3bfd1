import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// What checkpoints, clean stops and recoveries leave of what is derived from a log.
struct ReviewRecoveryTests {
  @Test("an aborted transaction is known by its first offset after a crash, whatever began later")
  func abortedBeforeSnapshot() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    try log.appendInTransaction("aborted", sequence: 0)
    try log.endTransaction(.abort)
    try log.appendInTransaction("open", sequence: 1)
    try store.services.checkpoint([log])
    let aborted = try log.abortedTransactions(from: .zero, to: log.endOffset)
    #expect(aborted.map(\.firstOffset) == [.zero])

    let again = try openStore(disk.crash(.keepAll))
    let recovered = try #require(again.existingTopic("orders")).partitions[0]
    #expect(try recovered.abortedTransactions(from: .zero, to: recovered.endOffset) == aborted)
    #expect(recovered.lastStableOffset == Offset(rawValue: 2))
    try again.closeBlocking()
  }

  @Test(
    "what the death of a process has left unsynced is durable when it is called so, and not before",
    arguments: [CommitKind.none, .journaled, .direct])
  func unsyncedAfterKill(kind: CommitKind) throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration(retention: []))
    let log = topic.partitions[0]
    for index in 0..<3 { _ = try log.append(value: "v\(index)") }
    #expect(log.commitAndWait(isDirect: true) == nil)
    for index in 3..<6 { _ = try log.append(value: "v\(index)") }
    let killed = disk.crash(.keepAll)
    withExtendedLifetime(store) {}

    // The journal is empty, so that the store opens before it has synced what it found.
    let again = try openStore(killed)
    let found = try #require(again.existingTopic("orders")).partitions[0]
    #expect(try found.values() == (0..<6).map { "v\($0)" })
    #expect(found.durableOffset <= Offset(rawValue: 3))
    if kind != .none { #expect(found.commitAndWait(isDirect: kind == .direct) == nil) }
    let promised = kind == .none ? 3 : 6
    if kind != .none { #expect(found.durableOffset == Offset(rawValue: 6)) }

    let left = try openStore(killed.crash(.loseAllUnsynced))
    withExtendedLifetime(again) {}
    let recovered = try #require(left.existingTopic("orders")).partitions[0]
    #expect(try recovered.values() == (0..<promised).map { "v\($0)" })
    try left.closeBlocking()
  }

  enum CommitKind { case none, journaled, direct }

  @Test("checkpoints leave one snapshot, not one each")
  func oneSnapshot() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    for sequence in 0..<5 {
      try log.appendInTransaction("value", sequence: Int32(sequence))
      try store.services.checkpoint([log])
    }
    let names = try disk.list("/store/orders-0").map(\.name)
    #expect(names.filter { $0.hasSuffix(".snapshot") } == ["00000000000000000005.snapshot"])
    try store.closeBlocking()
  }

  @Test("a clean stop survives a power cut at once, producers and indexes too")
  func cleanStopIsDurable() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration(segmentBytes: 4096)).partitions[0]
    for sequence in 0..<100 {
      try log.appendInTransaction("v\(sequence)", sequence: Int32(sequence))
    }
    let producers = log.state.withLock { $0.producers.snapshot }
    try store.closeBlocking()
    let again = try openStore(disk.crash(.loseAllUnsynced))
    #expect(again.recovery.wasClean)
    let reopened = try #require(again.existingTopic("orders")).partitions[0]
    #expect(try reopened.values() == (0..<100).map { "v\($0)" })
    #expect(reopened.state.withLock { $0.producers.snapshot } == producers)
    #expect(again.recovery.rebuiltIndexCount == 0)
    try again.closeBlocking()
  }

  @Test("the indexes of sealed segments leave memory and are found again")
  func indexesLeave() throws {
    let store = try openStore(SimulatedDisk())
    let configuration = TopicConfiguration(
      retention: [], segmentBytes: 16384, indexIntervalBytes: 0)
    let log = try store.createTopic("orders", configuration).partitions[0]
    for index in 0..<1000 {
      _ = try log.append(value: "value \(index)", timestampMilliseconds: Int64(index))
    }
    #expect(!log.segments.contains { $0.hasDurableIndexes })
    store.runMaintenance()
    #expect(!log.segments.dropLast().contains { !$0.hasDurableIndexes })
    #expect(try log.values() == (0..<1000).map { "value \($0)" })
    for time in stride(from: Int64(0), to: 1000, by: 77) {
      #expect(try log.firstOffset(atOrAfter: time)?.offset == Offset(rawValue: time))
    }
    try store.closeBlocking()
  }

  @Test("a store on a full disk recovers and opens")
  func fullDisk() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration(segmentBytes: 4096)).partitions[0]
    for index in 0..<200 { _ = try log.append(value: "value \(index)") }
    let left = disk.crash(.keepAll)
    left.capacity = left.usedBytes
    let again = try openStore(left)
    let recovered = try #require(again.existingTopic("orders")).partitions[0]
    #expect(try recovered.values() == (0..<200).map { "value \($0)" })
    left.capacity = nil
    try again.closeBlocking()
    #expect(try openStore(left).existingTopic("orders")?.partitions[0].values().count == 200)
  }
}

extension PartitionLog {
  fileprivate func appendInTransaction(_ value: String, sequence: Int32) throws {
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
