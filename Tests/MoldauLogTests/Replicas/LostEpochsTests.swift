import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// The epochs of a log whose file of them is gone, or cannot be read.
struct LostEpochsTests {
  private static let path = "/store/orders-0/leader-epoch-checkpoint"

  enum Fault: CaseIterable {
    case missing
    case damaged
  }

  private func lose(_ fault: Fault, _ disk: SimulatedDisk) throws {
    switch fault {
    case .missing: try disk.remove(Self.path)
    case .damaged:
      try disk.replaceFile(at: Self.path, with: Array("0\n9\n".utf8), isDurable: true)
    }
  }

  /// Three epochs, over several segments.
  private func makeFollower(_ disk: SimulatedDisk) throws -> (LogStore, ModelLeader) {
    var generator = SeededGenerator(seed: 5)
    var leader = ModelLeader()
    for index in 0..<60 {
      if index == 20 || index == 45 { leader.change(droppingLast: 0, to: leader.epoch + 2) }
      leader.append(
        .random(recordCount: 2, valueByteCount: 400, around: 1_000_000, using: &generator))
    }
    let store = try openReplicaStore(disk)
    let log = try store.makeReplica(TopicConfiguration(retention: [], segmentBytes: 16 << 10))
    log.follow(inEpoch: leader.epoch)
    let bytes = leader.batches.flatMap(\.bytes)
    _ = try unsafe log.appendFromLeader(bytes.span.bytes, epoch: leader.epoch)
    #expect(log.segmentCount > 2)
    return (store, leader)
  }

  private func check(_ log: PartitionLog, _ leader: ModelLeader) {
    #expect(log.epochAndEnd.latestEpoch == 4)
    #expect(log.epochAndEnd.end == leader.end)
    for (epoch, end) in [(Int32(0), 40), (1, 40), (2, 90), (3, 90)] {
      let known = log.endOffset(ofEpoch: epoch)
      #expect(known?.epoch == epoch / 2 * 2)
      #expect(known?.end == Offset(rawValue: Int64(end)))
    }
  }

  @Test("after a clean stop they are those of the batches", arguments: Fault.allCases)
  func cleanStop(fault: Fault) throws {
    let disk = SimulatedDisk()
    let (store, leader) = try makeFollower(disk)
    try store.closeBlocking()
    try lose(fault, disk)
    let again = try openReplicaStore(disk)
    check(try #require(again.replica), leader)
  }

  @Test("after a crash too, also where the batches were synced before", arguments: Fault.allCases)
  func crash(fault: Fault) throws {
    let disk = SimulatedDisk()
    let (store, leader) = try makeFollower(disk)
    #expect(store.replica?.commitAndWait(isDirect: true) == nil)
    store.runMaintenance()
    let left = disk.crash(.keepAll)
    withExtendedLifetime(store) {}
    try lose(fault, left)
    let again = try openReplicaStore(left)
    check(try #require(again.replica), leader)
  }

  @Test("an epoch of an older file in which nothing was written does not come back")
  func emptyEpoch() throws {
    var generator = SeededGenerator(seed: 6)
    func makeBatch() -> ModelBatch {
      .random(recordCount: 2, valueByteCount: 40, around: 1_000_000, using: &generator)
    }
    var leader = ModelLeader()
    for _ in 0..<2 { leader.append(makeBatch()) }
    let disk = SimulatedDisk()
    let store = try openReplicaStore(disk)
    let log = try store.makeReplica()
    log.follow(inEpoch: 0)
    #expect(try log.fetch(from: leader, maxBytes: 1 << 20))
    log.lead(inEpoch: 1)
    try store.services.checkpoint([log])
    // Another goes on with what it had of epoch 0, and leads in the next.
    leader.append(makeBatch())
    leader.change(droppingLast: 0, to: 2)
    leader.append(makeBatch())
    log.follow(inEpoch: 2)
    for _ in 0..<3 where try !log.fetch(from: leader, maxBytes: 1 << 20) {}
    try leader.check(log)
    let epochs = log.leaderEpochs
    #expect(epochs.map(\.epoch) == [0, 2])

    let again = try openReplicaStore(disk.crash(.keepAll))
    withExtendedLifetime(store) {}
    let recovered = try #require(again.replica)
    #expect(recovered.leaderEpochs == epochs)
    try leader.check(recovered)
    try again.closeBlocking()
  }

  @Test("an epoch of which compaction has left nothing stays known after a crash")
  func compactedEpoch() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let topic = try store.createTopic(
      "orders", TopicConfiguration(cleanupPolicy: .compact, segmentBytes: 2048))
    let log = topic.partitions[0]
    for epoch in Int32(1)...3 {
      let (key, value) = (Array("key".utf8), Array("in epoch \(epoch)".utf8))
      var encoder = RecordBatchEncoder()
      unsafe encoder.append(
        key: key.span.bytes, value: value.span.bytes, timestampMilliseconds: Int64(epoch))
      encoder.finish(BatchFields())
      _ = try log.append(encoder.bytes, leaderEpoch: epoch)
    }
    #expect(try topic.compactBlocking().removedRecordCount == 2)
    try store.services.checkpoint([log])
    let epochs = log.leaderEpochs
    #expect(epochs.map(\.startOffset.rawValue) == [0, 1, 2])

    let again = try openStore(disk.crash(.keepAll))
    withExtendedLifetime(store) {}
    let recovered = try #require(again.existingTopic("orders")).partitions[0]
    #expect(recovered.leaderEpochs == epochs)
    try again.closeBlocking()
  }
}
