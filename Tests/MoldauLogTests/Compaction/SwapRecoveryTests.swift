import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Swaps that another cleaner, Kafka's, was stopped in are ended or undone on opening.
struct SwapRecoveryTests {
  private static let folder = "/store/orders-0"
  private static let kinds: [SegmentFileName.Kind] = [.log, .index, .timeindex, .txnindex]

  /// A disk with a cleanly closed log of three sealed segments, and beside them, by kind, the files of
  /// the one segment that compaction makes of these.
  private func makeDisk() throws -> (SimulatedDisk, [SegmentFileName.Kind: [UInt8]]) {
    let configuration = TopicConfiguration(cleanupPolicy: .compact, segmentBytes: 4096)
    var files: [SegmentFileName.Kind: [UInt8]] = [:]
    var plain: SimulatedDisk?
    for compacts in [false, true] {
      let disk = SimulatedDisk()
      let store = try openStore(disk, clock: SetClock(1_000_000))
      let topic = try store.createTopic("orders", configuration)
      for round in 0..<30 {
        try topic.put("\(round % 4)", "value \(round)")
        if round % 10 == 9 { try topic.partitions[0].rollNow() }
      }
      try topic.put("active", "x")
      store.runMaintenance()
      if compacts {
        let log = topic.partitions[0]
        let plan = try #require(try log.compactionPlan(configuration, now: 1_000_000))
        _ = try CompactionPass(
          log, configuration, plan, pace: CompactionPace(bytesPerSecond: nil),
          nowMilliseconds: 1_000_000
        ).run(maxMapBytes: 1 << 20)
        for kind in Self.kinds {
          let path = "\(Self.folder)/\(SegmentFileName(baseOffset: .zero, kind: kind))"
          if try disk.kind(of: path) == .file { files[kind] = try disk.contents(of: path) }
        }
      }
      try store.closeBlocking()
      if !compacts { plain = disk }
    }
    return (try #require(plain), files)
  }

  private func write(
    _ bytes: [UInt8], _ kind: SegmentFileName.Kind, _ state: SegmentFileName.State,
    at base: Int64 = 0, _ disk: SimulatedDisk
  ) throws {
    let name = SegmentFileName(baseOffset: Offset(rawValue: base), kind: kind, state: state)
    try disk.replaceFile(at: "\(Self.folder)/\(name)", with: bytes, isDurable: true)
  }

  private func open(_ disk: SimulatedDisk) throws -> (values: [String], names: [String]) {
    let store = try openStore(disk, clock: SetClock(1_000_000))
    let topic = try #require(store.existingTopic("orders"))
    let values = try topic.scannedValues()
    for raw in 0..<topic.partitions[0].endOffset.rawValue {
      _ = try topic.partitions[0].locate(Offset(rawValue: raw))
    }
    let names = try disk.list(Self.folder).map(\.name)
    #expect(store.recovery.damages.isEmpty)
    try store.closeBlocking()
    #expect(!names.contains { $0.hasSuffix(".swap") || $0.hasSuffix(".cleaned") })
    #expect(!names.contains { $0.hasSuffix(".deleted") })
    return (values, names.filter { $0.hasSuffix(".log") }.sorted())
  }

  private static let compacted = ["value 26", "value 27", "value 28", "value 29", "x"]
  private static let plain = (0..<30).map { "value \($0)" } + ["x"]

  @Test("a log that was to take others' place takes it, and those it was made of go")
  func committed() throws {
    let (disk, files) = try makeDisk()
    for (kind, bytes) in files { try write(bytes, kind, .swap, disk) }
    let found = try open(disk)
    #expect(found.values == Self.compacted)
    #expect(found.names == ["00000000000000000000.log", "00000000000000000030.log"])
  }

  @Test("so it does when some of those were renamed already")
  func committedInPart() throws {
    let (disk, files) = try makeDisk()
    for (kind, bytes) in files { try write(bytes, kind, .swap, disk) }
    for name in ["00000000000000000000.log", "00000000000000000010.index"] {
      try disk.rename("\(Self.folder)/\(name)", to: "\(Self.folder)/\(name).deleted")
    }
    #expect(try open(disk).values == Self.compacted)
  }

  @Test("indexes whose log has its name already follow it")
  func indexesAlone() throws {
    let (disk, files) = try makeDisk()
    for (kind, bytes) in files { try write(bytes, kind, kind == .log ? .live : .swap, disk) }
    for base in [10, 20] {
      for kind in Self.kinds {
        let name = SegmentFileName(baseOffset: Offset(rawValue: Int64(base)), kind: kind)
        let path = "\(Self.folder)/\(name)"
        if try disk.kind(of: path) == .file { try disk.remove(path) }
      }
    }
    #expect(try open(disk).values == Self.compacted)
  }

  @Test("a swap that was not committed is undone")
  func uncommitted() throws {
    let (disk, files) = try makeDisk()
    for (kind, bytes) in files {
      try write(bytes, kind, kind == .timeindex ? .cleaned : .swap, disk)
    }
    #expect(try open(disk).values == Self.plain)
  }

  @Test("of a segment that was being split, the part that is written is no segment yet")
  func split() throws {
    let (disk, files) = try makeDisk()
    let log = try #require(files[.log])
    try write(log, .log, .cleaned, disk)
    try write([], .log, .swap, at: 5, disk)
    #expect(try open(disk).values == Self.plain)
  }
}
