import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// What opening tells of a replica's log that has lost something, and how a follower gets it back.
struct MissingRecordsTests {
  private static let path = "/store/orders-0/00000000000000000000.log"

  private func makeLeader() -> ModelLeader {
    var generator = SeededGenerator(seed: 3)
    var leader = ModelLeader()
    for index in 0..<100 {
      if index == 30 || index == 70 { leader.change(droppingLast: 0, to: leader.epoch + 1) }
      leader.append(
        .random(recordCount: 2, valueByteCount: 50, around: 1_000_000, using: &generator))
    }
    return leader
  }

  /// A follower with all that the leader has, committed below `durable` batches.
  private func makeFollower(
    _ disk: SimulatedDisk, _ leader: ModelLeader, durable: Int, isDirect: Bool
  ) throws -> LogStore {
    let store = try openReplicaStore(disk)
    let log = try store.makeReplica()
    log.follow(inEpoch: leader.epoch)
    let first = leader.batches[..<durable].flatMap(\.bytes)
    let rest = leader.batches[durable...].flatMap(\.bytes)
    _ = try unsafe log.appendFromLeader(first.span.bytes, epoch: leader.epoch)
    #expect(log.commitAndWait(isDirect: isDirect) == nil)
    if isDirect { store.runMaintenance() }
    _ = try unsafe log.appendFromLeader(rest.span.bytes, epoch: leader.epoch)
    return store
  }

  /// Overwrites a byte of the batch of this number.
  private func damage(_ disk: SimulatedDisk, _ leader: ModelLeader, batch: Int) throws {
    let position = leader.batches[..<batch].reduce(0) { $0 + $1.bytes.count } + 80
    let file = try disk.open(Self.path, .readWrite)
    let byte: [UInt8] = [leader.batches[batch].bytes[80] ^ 0xFF]
    try unsafe byte.withUnsafeBytes { try unsafe file.write($0, at: position) }
  }

  @Test(
    "a replica's log ends where records are missing of which nobody was told, also after a stop",
    arguments: [false, true])
  func hole(stopsBetween: Bool) throws {
    let leader = makeLeader()
    let disk = SimulatedDisk()
    let store = try makeFollower(disk, leader, durable: 40, isDirect: true)
    let left = disk.crash(.keepAll)
    withExtendedLifetime(store) {}
    try damage(left, leader, batch: 60)
    let hole = leader.batches[60].baseOffset
    var again = try openReplicaStore(left)
    #expect(again.recovery.damages.map(\.offsets.lowerBound) == [hole])
    // The records were written and not synced: they were nobody's to count on.
    #expect(again.recovery.losses.isEmpty)
    if stopsBetween {
      for _ in 0..<2 {
        try again.closeBlocking()
        again = try openReplicaStore(left)
        #expect(again.recovery.wasClean && again.recovery.damages.isEmpty)
      }
    }
    let log = try #require(again.replica)
    #expect(log.epochAndEnd == (1, hole))
    #expect(log.endOffset == hole)
    log.follow(inEpoch: leader.epoch)
    #expect(try log.fetch(from: leader, maxBytes: 1 << 20))
    try leader.check(log)
    #expect(log.epochAndEnd == (2, leader.end))
    try again.closeBlocking()
    let last = try openReplicaStore(left)
    #expect(last.replica?.epochAndEnd.end == leader.end)
    try leader.check(try #require(last.replica))
    try last.closeBlocking()
  }

  @Test(
    "damage below what was synced is a loss; in the journal it is none", arguments: [true, false])
  func losses(isDirect: Bool) throws {
    let leader = makeLeader()
    let disk = SimulatedDisk()
    let store = try makeFollower(disk, leader, durable: 100, isDirect: isDirect)
    let left = disk.crash(.keepAll)
    withExtendedLifetime(store) {}
    try damage(left, leader, batch: 50)
    // A clean opening would trust it; this one looks.
    let file = try left.open("/store/moldau-sync-failed", .create)
    _ = file
    var configuration = StoreConfiguration(recoveryThreadCount: 1)
    configuration.runsMaintenance = false
    configuration.isReplicated = true
    if isDirect {
      // The recovery point is behind the damage: recovery trusts the segment, and the end alone shows.
      try left.open(Self.path, .readWrite).truncate(to: 2000)
    }
    let again = try LogStore.open(
      at: "/store", configuration, disk: left, clock: ModelClock())
    let partition = TopicPartition(topic: "orders", partition: 0)
    if isDirect {
      let end = try #require(again.replica).endOffset
      #expect(end < leader.end)
      #expect(again.recovery.losses == [partition: end])
    } else {
      #expect(again.recovery.losses.isEmpty && again.recovery.damages.isEmpty)
      try leader.check(try #require(again.replica))
    }
    try again.closeBlocking()
  }

  @Test("a log that ends below its recovery point after a clean stop has lost something")
  func cleanLoss() throws {
    let leader = makeLeader()
    let disk = SimulatedDisk()
    let store = try makeFollower(disk, leader, durable: 100, isDirect: true)
    try store.closeBlocking()
    let count = leader.batches[..<90].reduce(0) { $0 + $1.bytes.count }
    try disk.open(Self.path, .readWrite).truncate(to: count)
    let again = try openReplicaStore(disk)
    let end = leader.batches[90].baseOffset
    #expect(again.recovery.losses == [TopicPartition(topic: "orders", partition: 0): end])
    try again.closeBlocking()
  }
}
