import MoldauReport
import MoldauDisk
import MoldauFormat
import MoldauInspect
import MoldauLog
import Testing

/// What `verify` says of damaged directories, and what `verify --repair` makes of them.
struct DamageTests {
  /// One way to damage a clean directory, and what is to be found.
  struct Damage: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// Below the store.
    var file: String
    var apply: @Sendable (inout [UInt8]) -> Void
    /// The file that is named, which need not be the damaged one.
    var path: String
    var position: Int?
    var message: String
    /// Records that no repair can bring back, by partition.
    var lostOffsets: [String: ClosedRange<Int64>] = [:]
  }

  static let damages: [Damage] = [
    Damage(
      testDescription: "a byte of a sealed segment's batch",
      file: "rolled-0/00000000000000000004.log",
      apply: { $0[500] ^= 1 }, path: "rolled-0/00000000000000000004.log", position: 407,
      message: "offsets 6 to 8 (exclusive)", lostOffsets: ["rolled-0": 6...7]),
    Damage(
      testDescription: "a length that leads beyond the file",
      file: "codecs-0/00000000000000000000.log", apply: { $0[8] = 0x7F },
      path: "codecs-0/00000000000000000000.log", position: 0,
      message: "offsets 0 to 4 (exclusive)", lostOffsets: ["codecs-0": 0...3]),
    Damage(
      testDescription: "the end of the last batch cut off",
      file: "keyed-1/00000000000000000000.log",
      apply: { $0.removeLast(5) }, path: "keyed-1/00000000000000000000.log", position: 454,
      message: "damaged bytes at the end", lostOffsets: ["keyed-1": 4...4]),
    Damage(
      testDescription: "an index entry that names another offset",
      file: "rolled-0/00000000000000000000.index", apply: { $0[3] = 2 },
      path: "rolled-0/00000000000000000000.index", position: 0,
      message: "entry 0: the batch there ends with offset 3"),
    Damage(
      testDescription: "an index entry into the middle of a batch",
      file: "rolled-0/00000000000000000000.index", apply: { $0[7] ^= 1 },
      path: "rolled-0/00000000000000000000.index", position: 0,
      message: "entry 0:"),
    Damage(
      testDescription: "zeros behind an index", file: "rolled-0/00000000000000000000.index",
      apply: { $0 += [UInt8](repeating: 0, count: 16) },
      path: "rolled-0/00000000000000000000.index", position: 8, message: "16 bytes of zeros"),
    Damage(
      testDescription: "half an index entry", file: "rolled-0/00000000000000000008.index",
      apply: { $0.removeLast(3) }, path: "rolled-0/00000000000000000008.index", position: nil,
      message: "file size"),
    Damage(
      testDescription: "a time that no record has", file: "rolled-0/00000000000000000000.timeindex",
      apply: { $0[7] ^= 0x80 }, path: "rolled-0/00000000000000000000.timeindex", position: 0,
      message: "entry 0:"),
    Damage(
      testDescription: "an empty time index", file: "rolled-0/00000000000000000000.timeindex",
      apply: { $0 = [] }, path: "rolled-0/00000000000000000000.timeindex", position: nil,
      message: "its last entry is -1"),
    Damage(
      testDescription: "an abort that the log does not have",
      file: "transactions-0/00000000000000000000.txnindex", apply: { $0[9] = 8 },
      path: "transactions-0/00000000000000000000.txnindex", position: 0,
      message: "no abort of producer 8 at 10"),
    Damage(
      testDescription: "a damaged snapshot", file: "transactions-0/00000000000000000017.snapshot",
      apply: { $0[20] ^= 1 }, path: "transactions-0/00000000000000000017.snapshot", position: nil,
      message: "checksum"),
    Damage(
      testDescription: "epochs that fall", file: "compacted-0/leader-epoch-checkpoint",
      apply: { $0 = Array("0\n2\n3 0\n0 20\n".utf8) }, path: "compacted-0/leader-epoch-checkpoint",
      position: nil, message: "epoch 0 is not above"),
    Damage(
      testDescription: "a recovery point behind the end", file: "recovery-point-offset-checkpoint",
      apply: { $0 = Array("0\n1\nkeyed 0 400\n".utf8) }, path: "keyed-0", position: nil,
      message: "its recovery point is 400 and the log ends with 4"),
    Damage(
      testDescription: "a checkpoint that is none", file: "log-start-offset-checkpoint",
      apply: { $0 = Array("nonsense".utf8) }, path: "log-start-offset-checkpoint", position: nil,
      message: "the first line is not a version"),
  ]

  private func damaged(_ damage: Damage) throws -> SimulatedDisk {
    let disk = try Fixture.disk("clean")
    var bytes = try disk.contents(of: "/store/\(damage.file)")
    damage.apply(&bytes)
    try disk.replaceFile(at: "/store/\(damage.file)", with: bytes, isDurable: false)
    return disk
  }

  private func verify(_ disk: SimulatedDisk) throws -> (
    summary: VerifySummary, problems: [ReportRow]
  ) {
    var problems: [ReportRow] = []
    var verifier = Verifier(disk: disk) { if $0.kind == .problem { problems.append($0) } }
    return (try verifier.run("/store"), problems)
  }

  @Test("damage is found where it is", arguments: damages)
  func isFound(damage: Damage) throws {
    let (summary, problems) = try verify(damaged(damage))
    #expect(summary.problemCount == problems.count)
    let isNamed = problems.contains { row in
      guard case .text(let message) = row["message"] else { return false }
      return row["path"] == .text("/store/\(damage.path)") && message.contains(damage.message)
        && (damage.position == nil || row["position"] == .integer(Int64(damage.position ?? 0)))
    }
    #expect(isNamed, "\(problems.map(JSONLine.text(of:)))")
  }

  @Test("verify changes nothing but the lock", arguments: damages)
  func isReadOnly(damage: Damage) throws {
    let disk = try damaged(damage)
    let before = try disk.storeFiles()
    _ = try verify(disk)
    var inspector = Inspector(
      options: Inspector.Options(showsRecords: true, showsIndex: true), disk: disk
    ) { _ in }
    try inspector.run("/store")
    #expect(try disk.storeFiles().filter { $0.key != ".lock" } == before)
  }

  @Test(
    "a repair leaves nothing wrong, loses no byte and no record that was whole", arguments: damages)
  func isRepaired(damage: Damage) throws {
    let disk = try damaged(damage)
    let before = try disk.storeFiles()
    let found = try verify(disk)
    _ = try Repair.run("/store", found: found.summary, disk: disk)
    #expect(try verify(disk).problems == [])
    let expected = try Fixture.expected().map { partition in
      var partition = partition
      if let lost = damage.lostOffsets[partition.name] {
        partition.records.removeAll { lost.contains($0.offset) }
      }
      return partition
    }
    let store = try FixtureContent.open(disk, FixedClock())
    for (partition, wanted) in zip(try FixturePartition.all(of: store), expected) {
      // Without its checkpoint a log begins where its first segment does.
      let start = wanted.records.first?.offset ?? 0
      #expect(partition.records.filter { $0.offset >= start } == wanted.records, "\(wanted.name)")
    }
    #expect(store.recovery.wasClean)
    try store.closeBlocking()
    let after = try disk.storeFiles()
    for (name, bytes) in before where name.hasSuffix(".log") {
      // Zeros at the end of a log count for nothing: a window leaves them.
      let written = (bytes.lastIndex { $0 != 0 } ?? -1) + 1
      let kept = after.filter { $0.key.hasPrefix(name) }.values.reduce(0) { $0 + $1.count }
      #expect((written...bytes.count).contains(kept), "\(name)")
    }
  }

  @Test("a repair does not guess what a damaged partition.metadata said")
  func metadata() throws {
    let disk = try Fixture.disk("clean")
    try disk.replaceFile(
      at: "/store/keyed-0/partition.metadata", with: Array("junk".utf8), isDurable: false)
    #expect(try verify(disk).problems.count == 1)
    #expect(throws: InspectError.self) { try Repair.run("/store", disk: disk) }
    #expect(try verify(disk).problems.count == 1)
  }

  @Test("a batch whose records are malformed is found though its checksum is right")
  func records() throws {
    let disk = try Fixture.disk("clean")
    let path = "/store/keyed-0/00000000000000000000.log"
    var bytes = try disk.contents(of: path)
    bytes[RecordBatchHeader.byteCount] ^= 2
    let header = try unsafe RecordBatchHeader(parsing: bytes.span.bytes)
    let covered = RecordBatchHeader.checksummedRangeStart..<header.batchByteCount
    let checksum = unsafe Checksum.crc32c(bytes.span.bytes.extracting(covered))
    for index in 0..<4 {
      bytes[17 + index] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * index))
    }
    try disk.replaceFile(at: path, with: bytes, isDurable: false)
    let problems = try verify(disk).problems
    #expect(problems.count == 1)
    #expect(problems.first?["path"] == .text(path))
    #expect(problems.first?["position"] == .integer(0))
  }

  @Test("a missing index of a clean directory is a problem, of a killed one a note")
  func missingIndex() throws {
    for (state, count) in [("clean", 1), ("killed", 0)] {
      let disk = try Fixture.disk(state)
      let path = "/store/keyed-0/00000000000000000000.index"
      if try disk.kind(of: path) != nil { try disk.remove(path) }
      #expect(try verify(disk).problems.count == count, "\(state)")
    }
  }

  @Test("missing offsets are told, except where compaction may have taken them")
  func gaps() throws {
    let disk = try Fixture.disk("clean")
    for kind in SegmentFileName.Kind.allCases where kind != .txnindex {
      try disk.remove(
        "/store/rolled-0/\(SegmentFileName(baseOffset: Offset(rawValue: 4), kind: kind))")
    }
    var notes: [ReportRow] = []
    var verifier = Verifier(disk: disk) { notes.append($0) }
    let summary = try verifier.run("/store")
    #expect(summary.problemCount == 0)
    #expect(
      notes.map { $0["message"] } == [.text("offsets 4 to 8 (exclusive) are missing")])
  }

  @Test("a directory that is open is refused")
  func inUse() throws {
    let disk = try Fixture.disk("clean")
    let store = try FixtureContent.open(disk, FixedClock())
    #expect(throws: InspectError.log(.directoryInUse(path: "/store"))) { try verify(disk) }
    #expect(throws: InspectError.log(.directoryInUse(path: "/store"))) {
      try Repair.run("/store", disk: disk)
    }
    try store.closeBlocking()
  }
}
