import Glibc
import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Bytes that went bad on the disk, and files that are missing or are not what they should be.
struct CrashDamageTests {
  private static let logPath = "/store/orders-0/00000000000000000000.log"

  /// A store with one log of 60 batches; `committed` says up to which they were committed.
  private func makeLog(
    on disk: SimulatedDisk, segmentBytes: Int = 1 << 20, committed: Int = 0,
    direct: Range<Int> = 0..<0
  ) throws -> (store: LogStore, batches: [ModelBatch]) {
    let store = try ModelStore.open(disk, clock: ModelClock())
    let log = try store.createTopic(
      "orders",
      TopicConfiguration(retention: [], segmentBytes: segmentBytes, indexIntervalBytes: 512)
    ).partitions[0]
    var generator = SeededGenerator(seed: 7)
    var batches: [ModelBatch] = []
    for number in 0..<60 {
      var batch = ModelBatch.random(
        recordCount: 2, valueByteCount: 100, around: Int64(number * 10), using: &generator)
      let appended = try unsafe log.append(batch.bytes.span.bytes, leaderEpoch: 0)
      batch.stamp(baseOffset: appended.baseOffset, leaderEpoch: 0)
      batches.append(batch)
      if number + 1 == committed { #expect(log.commitAndWait() == nil) }
      if direct.contains(number) { #expect(log.commitAndWait(isDirect: true) == nil) }
    }
    return (store, batches)
  }

  /// The position of a batch in the log's file.
  private func position(of index: Int, _ batches: [ModelBatch]) -> Int {
    batches[..<index].reduce(0) { $0 + $1.bytes.count }
  }

  private func overwrite(
    _ disk: SimulatedDisk, _ path: String, at position: Int, _ bytes: [UInt8]
  ) throws {
    try unsafe bytes.withUnsafeBytes {
      try unsafe disk.open(path, .readWrite).write($0, at: position)
    }
  }

  private func flip(_ disk: SimulatedDisk, at position: Int) throws {
    let byte = try disk.contents(of: Self.logPath)[position]
    try overwrite(disk, Self.logPath, at: position, [byte ^ 0x40])
  }

  private func open(_ disk: SimulatedDisk) throws -> (store: LogStore, log: PartitionLog) {
    let store = try ModelStore.open(disk, clock: ModelClock())
    return (store, try #require(store.existingTopic("orders")).partitions[0])
  }

  @Test(
    "damage inside a log is put aside and reported, and what follows stays",
    arguments: [20..<21, 0..<1, 30..<34, 57..<59])
  func damageInside(damaged: Range<Int>) throws {
    let before = SimulatedDisk()
    let (store, batches) = try makeLog(on: before)
    let disk = before.crash(.keepAll)
    defer { withExtendedLifetime(store) {} }
    let (start, end) = (
      position(of: damaged.lowerBound, batches), position(of: damaged.upperBound, batches)
    )
    if damaged.count == 1 {
      try flip(disk, at: start + 80)
    } else {
      try overwrite(disk, Self.logPath, at: start, [UInt8](repeating: 0, count: end - start))
    }
    let bytes = try disk.contents(of: Self.logPath)[start..<end]

    let (again, log) = try open(disk)
    let damage = try #require(again.recovery.damages.first)
    #expect(again.recovery.damages.count == 1)
    #expect(
      damage.offsets == batches[damaged.lowerBound]
        .baseOffset..<batches[damaged.upperBound].baseOffset)
    #expect(damage.byteCount == end - start)
    #expect(try disk.contents(of: damage.quarantinePath) == Array(bytes))
    let found = try log.modelBatches()
    #expect(found == Array(batches[..<damaged.lowerBound] + batches[damaged.upperBound...]))
    #expect(log.endOffset == batches[59].nextOffset)
    try LogAgreement(log: log, batches: found).check()
    try again.closeBlocking()
    let (third, unchanged) = try open(disk)
    #expect(third.recovery.wasClean)
    #expect(try unchanged.modelBatches() == found)
    try third.closeBlocking()
  }

  @Test("a damaged tail is an unfinished write and is cut")
  func damagedTail() throws {
    let before = SimulatedDisk()
    let (store, batches) = try makeLog(on: before)
    let disk = before.crash(.keepAll)
    defer { withExtendedLifetime(store) {} }
    try flip(disk, at: position(of: 59, batches) + 100)
    let (again, log) = try open(disk)
    #expect(again.recovery.damages.isEmpty)
    #expect(again.recovery.cutByteCount > 0)
    #expect(try log.modelBatches() == Array(batches.dropLast()))
    try again.closeBlocking()
  }

  @Test(
    "damage to what the journal holds is mended from it",
    arguments: [10..<11, 0..<30, 55..<60, 0..<60], [0..<0, 59..<60])
  func damageWithJournal(damaged: Range<Int>, direct: Range<Int>) throws {
    let before = SimulatedDisk()
    let (store, batches) = try makeLog(
      on: before, committed: direct.isEmpty ? 60 : 59, direct: direct)
    let disk = before.crash(.keepAll)
    defer { withExtendedLifetime(store) {} }
    // The last batch went past the journal.
    let isLost = !direct.isEmpty && damaged.upperBound == 60
    for index in damaged { try flip(disk, at: position(of: index, batches) + 90) }
    let (again, log) = try open(disk)
    #expect(again.recovery.damages.isEmpty)
    #expect(again.recovery.replayedBatchCount > 0)
    #expect(try log.modelBatches() == (isLost ? Array(batches.dropLast()) : batches))
    try again.closeBlocking()
  }

  static let derivedFiles = [".index", ".timeindex", ".snapshot"]

  enum Mutilation: CaseIterable {
    case removed, emptied, halved, garbage, zeros, zeroTail
  }

  @Test(
    "indexes and snapshots are made anew, and no log is cut because of them",
    arguments: Mutilation.allCases, [false, true])
  func derivedFiles(mutilation: Mutilation, isClean: Bool) throws {
    let before = SimulatedDisk()
    let (store, batches) = try makeLog(on: before, segmentBytes: 4096)
    store.runMaintenance()
    if isClean { try store.closeBlocking() }
    let disk = before.crash(.keepAll)
    defer { withExtendedLifetime(store) {} }
    for entry in try disk.list("/store/orders-0")
    where Self.derivedFiles.contains(where: entry.name.hasSuffix) {
      try mutilate(disk, "/store/orders-0/\(entry.name)", mutilation)
    }
    let (again, log) = try open(disk)
    #expect(again.recovery.wasClean == isClean)
    #expect(again.recovery.damages.isEmpty)
    #expect(try log.modelBatches() == batches)
    try LogAgreement(log: log, batches: batches).check()
    try again.closeBlocking()
  }

  private func mutilate(
    _ disk: SimulatedDisk, _ path: String, _ mutilation: Mutilation
  ) throws {
    let bytes = try disk.contents(of: path)
    switch mutilation {
    case .removed: try disk.remove(path)
    case .emptied: _ = try disk.open(path, .createEmpty)
    case .halved: try disk.open(path, .readWrite).truncate(to: bytes.count / 2 | 1)
    case .garbage: try overwrite(disk, path, at: 0, bytes.map { $0 &* 31 &+ 17 })
    case .zeros: try overwrite(disk, path, at: 0, bytes.map { _ in 0 })
    case .zeroTail:
      try overwrite(disk, path, at: bytes.count, [UInt8](repeating: 0, count: 24 * 5))
    }
  }

  @Test(
    "a damaged checkpoint only costs work",
    arguments: [
      "recovery-point-offset-checkpoint", "log-start-offset-checkpoint",
      "replication-offset-checkpoint", "orders-0/leader-epoch-checkpoint",
    ], [false, true])
  func checkpoints(name: String, isClean: Bool) throws {
    let before = SimulatedDisk()
    let (store, batches) = try makeLog(on: before, segmentBytes: 4096)
    store.runMaintenance()
    if isClean { try store.closeBlocking() }
    let disk = before.crash(.keepAll)
    defer { withExtendedLifetime(store) {} }
    let path = "/store/\(name)"
    _ = try disk.open(path, .createEmpty)
    try overwrite(disk, path, at: 0, Array("no checkpoint".utf8))
    let (again, log) = try open(disk)
    #expect(try log.modelBatches() == batches)
    #expect(again.recovery.damages.isEmpty)
    try again.closeBlocking()
  }

  @Test("a directory that is open is not opened again, and is once it was let go")
  func directoryInUse() throws {
    let disk = SimulatedDisk()
    let (store, batches) = try makeLog(on: disk)
    #expect(throws: LogError.directoryInUse(path: "/store")) { try open(disk) }
    try store.closeBlocking()
    let (again, log) = try open(disk)
    #expect(try log.modelBatches() == batches)
    try again.closeBlocking()
  }

  @Test("a directory that cannot be written says so and stays as it is")
  func readOnlyDirectory() throws {
    let disk = SimulatedDisk()
    let (store, batches) = try makeLog(on: disk)
    try store.closeBlocking()
    disk.onCall = { $0.isChange ? .fail(errno: EROFS) : nil }
    #expect(throws: LogError.io(call: "flock", path: "/store/.lock", errno: EROFS)) {
      try open(disk)
    }
    disk.onCall = nil
    let (again, log) = try open(disk)
    #expect(again.recovery.wasClean)
    #expect(try log.modelBatches() == batches)
    try again.closeBlocking()
  }

  @Test(
    "a name that leads out of the folder, or is none, is refused",
    arguments: ["../x", "a/b", "..", ".", "", "a b", "ä", String(repeating: "n", count: 250)])
  func badNames(name: String) throws {
    let disk = SimulatedDisk()
    let store = try ModelStore.open(disk, clock: ModelClock())
    let error = #expect(throws: LogError.self) {
      try store.createTopic(name, TopicConfiguration())
    }
    if case .invalidTopicName(name, _) = error {
    } else {
      Issue.record("\(String(describing: error))")
    }
    #expect(try disk.list("/").map(\.name) == ["store"])
    try store.closeBlocking()
  }

  static let malformations: [(name: String, change: @Sendable (inout [UInt8]) -> Void)] = [
    ("checksum", { $0[17] ^= 1 }),
    ("record", { $0[$0.count - 1] ^= 1 }),
    ("magic", { $0[16] = 1 }),
    ("length too large", { $0[8] = 0x7f }),
    ("negative length", { $0[8] = 0xff }),
    ("length too small", { $0[11] = 3 }),
    ("cut off", { $0.removeLast() }),
    ("followed by a byte", { $0.append(0) }),
    ("header only", { $0.removeLast($0.count - 61) }),
    ("empty", { $0 = [] }),
  ]

  @Test(
    "a malformed batch is refused and nothing of it is kept", arguments: malformations.map(\.name))
  func malformedBatches(name: String) throws {
    let change = try #require(Self.malformations.first { $0.name == name }).change
    let disk = SimulatedDisk()
    let (store, batches) = try makeLog(on: disk)
    let log = try #require(store.existingTopic("orders")).partitions[0]
    var bytes = batches[0].bytes
    change(&bytes)
    let error = #expect(throws: LogError.self) { _ = try unsafe log.append(bytes.span.bytes) }
    if case .invalidBatch = error {} else { Issue.record("\(String(describing: error))") }
    #expect(try log.modelBatches() == batches)
    try store.closeBlocking()
  }

  @Test(
    "an offset outside the log is an error that names the bounds", arguments: [-1, 3, 121, .max])
  func offsets(raw: Int64) throws {
    let disk = SimulatedDisk()
    let (store, batches) = try makeLog(on: disk)
    let log = try #require(store.existingTopic("orders")).partitions[0]
    try log.deleteRecords(
      before: Offset(rawValue: 4), TopicConfiguration(retention: []), now: 0)
    let error = LogError.offsetOutOfRange(
      offset: Offset(rawValue: raw), first: Offset(rawValue: 4), next: Offset(rawValue: 120))
    #expect(throws: error) {
      try log.read(from: Offset(rawValue: raw), limit: Offset(rawValue: .max), maxBytes: 100)
    }
    #expect(try log.modelBatches() == Array(batches[2...]))
    try store.closeBlocking()
  }
}
