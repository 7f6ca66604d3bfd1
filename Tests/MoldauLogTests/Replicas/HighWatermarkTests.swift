import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// What a log does with the high watermark that it is told.
struct HighWatermarkTests {
  private func fill(_ log: PartitionLog, _ count: Int, epoch: Int32 = 0) throws {
    for index in 0..<count {
      var encoder = RecordBatchEncoder()
      let bytes = Array("value \(index % 3)".utf8)
      unsafe encoder.append(
        key: bytes.span.bytes, value: bytes.span.bytes, timestampMilliseconds: 1)
      _ = encoder.finish(BatchFields())
      _ = try log.append(encoder.bytes, leaderEpoch: epoch)
    }
  }

  @Test("retention takes nothing at or above it, and all that it may below")
  func retention() throws {
    for retention in [TopicConfiguration.Retention.age(.seconds(1)), .bytes(0)] {
      let store = try openReplicaStore(SimulatedDisk())
      let log = try store.makeReplica(
        TopicConfiguration(retention: [retention], segmentBytes: 1024))
      log.lead(inEpoch: 0)
      try fill(log, 100)
      for mark in [0, 1, 40, 99] as [Int64] {
        log.noteHighWatermark(Offset(rawValue: mark))
        store.runMaintenance()
        let bases = log.segments.map(\.baseOffset.rawValue)
        #expect(log.startOffset.rawValue <= mark)
        #expect(bases.count == 1 || bases[1] > mark, "a segment below \(mark) is left")
      }
      log.noteHighWatermark(log.endOffset)
      store.runMaintenance()
      #expect(log.segmentCount == 1)
      try store.closeBlocking()
    }
  }

  @Test("compaction takes nothing at or above it")
  func compaction() throws {
    let store = try openReplicaStore(SimulatedDisk())
    let configuration = TopicConfiguration(
      cleanupPolicy: .compact, retention: [], segmentBytes: 1024, minDirtyRatio: 0)
    let log = try store.makeReplica(configuration)
    log.lead(inEpoch: 0)
    try fill(log, 100)
    store.runMaintenance()
    #expect(log.commitAndWait(isDirect: true) == nil)
    store.runMaintenance()
    #expect(try log.compactionPlan(configuration, now: 1_000_000) == nil)
    let bases = log.segments.map(\.baseOffset)
    log.noteHighWatermark(bases[2].advanced(by: 1))
    let plan = try #require(try log.compactionPlan(configuration, now: 1_000_000))
    #expect(plan.end == bases[2])
    try store.closeBlocking()
  }

  @Test("it only rises, but for a cut")
  func monotonic() throws {
    let store = try openReplicaStore(SimulatedDisk())
    let log = try store.makeReplica()
    log.lead(inEpoch: 0)
    try fill(log, 20)
    log.noteHighWatermark(Offset(rawValue: 10))
    log.noteHighWatermark(Offset(rawValue: 5))
    #expect(log.highWatermark == Offset(rawValue: 10))
    log.noteHighWatermark(Offset(rawValue: 50))
    #expect(log.highWatermark == Offset(rawValue: 20))
    log.follow(inEpoch: 1)
    try log.truncate(to: Offset(rawValue: 8), epoch: 1)
    #expect(log.highWatermark == Offset(rawValue: 8))
    try store.closeBlocking()
  }

  @Test("a checkpoint and a close keep it, and an opening finds it, at most the end")
  func checkpoint() throws {
    for mark in [7, 9] as [Int64] {
      let disk = SimulatedDisk()
      let store = try openReplicaStore(disk)
      let log = try store.makeReplica()
      #expect(log.checkpointedHighWatermark == .zero)
      log.lead(inEpoch: 0)
      try fill(log, 20)
      log.noteHighWatermark(Offset(rawValue: 7))
      store.runMaintenance()
      // Nothing is appended, but the mark may rise.
      log.noteHighWatermark(Offset(rawValue: mark))
      store.runMaintenance()
      let crashed = try openReplicaStore(disk.crash(.loseAllUnsynced))
      #expect(crashed.replica?.checkpointedHighWatermark == Offset(rawValue: mark))
      try crashed.closeBlocking()
    }
    let disk = SimulatedDisk()
    let store = try openReplicaStore(disk)
    let log = try store.makeReplica()
    log.lead(inEpoch: 0)
    try fill(log, 20)
    log.noteHighWatermark(Offset(rawValue: 12))
    try store.closeBlocking()
    // A run in which the log has no role leaves it as it is.
    for _ in 0..<2 {
      let again = try openReplicaStore(disk)
      #expect(again.replica?.checkpointedHighWatermark == Offset(rawValue: 12))
      try again.closeBlocking()
    }
    let last = try openReplicaStore(disk)
    let opened = try #require(last.replica)
    opened.follow(inEpoch: 1)
    try opened.truncate(to: Offset(rawValue: 5), epoch: 1)
    #expect(opened.checkpointedHighWatermark == Offset(rawValue: 5))
    try last.closeBlocking()
  }

  @Test("a store that has no replicas keeps its logs' ends, as ever")
  func standalone() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    for index in 0..<5 { _ = try log.append(value: "\(index)") }
    try store.closeBlocking()
    let text = String(
      decoding: try disk.contents(of: "/store/replication-offset-checkpoint"), as: UTF8.self)
    #expect(text == "0\n1\norders 0 5\n")
    // A cluster's broker takes it over.
    let again = try openReplicaStore(disk)
    #expect(again.replica?.checkpointedHighWatermark == Offset(rawValue: 5))
    try again.closeBlocking()
  }

  @Test("the start of a follower's log rises with its leader's, for readers at once")
  func raiseStart() throws {
    let disk = SimulatedDisk()
    let store = try openReplicaStore(disk)
    let log = try store.makeReplica(TopicConfiguration(retention: [], segmentBytes: 1024))
    try fill(log, 100)
    log.follow(inEpoch: 1)
    try log.raiseStart(to: Offset(rawValue: 45), epoch: 1)
    #expect(log.startOffset == Offset(rawValue: 45))
    #expect(throws: LogError.self) {
      try log.read(from: Offset(rawValue: 44), limit: log.endOffset, maxBytes: 1)
    }
    let before = log.segmentCount
    store.runMaintenance()
    #expect(log.segmentCount < before)
    try log.raiseStart(to: Offset(rawValue: 40), epoch: 1)
    #expect(log.startOffset == Offset(rawValue: 45))
    #expect(throws: LogError.self) { try log.raiseStart(to: Offset(rawValue: 101), epoch: 1) }
    #expect(throws: LogError.notLeader) { try log.raiseStart(to: Offset(rawValue: 50), epoch: 2) }
    try log.raiseStart(to: Offset(rawValue: 100), epoch: 1)
    store.runMaintenance()
    #expect(log.segmentCount == 1)
    let again = try openReplicaStore(disk.crash(.loseAllUnsynced))
    let opened = try #require(again.replica)
    #expect(opened.startOffset == Offset(rawValue: 100) && opened.endOffset == opened.startOffset)
    try again.closeBlocking()
  }
}
