import Foundation
import MoldauDisk
import Testing

@Suite("what a crash of the simulated disk leaves")
struct CrashTests {
  private static let seeds = Array(UInt64(1)...40)

  private func makeDisk() throws -> SimulatedDisk {
    let disk = SimulatedDisk()
    try disk.makeDirectory("/d")
    try disk.syncDirectory("/")
    return disk
  }

  @Test(
    "a byte is the durable or the current one, sector by sector unless torn",
    arguments: CrashStyle.allCases)
  func contents(style: CrashStyle) throws {
    for seed in Self.seeds {
      var generator = SeededGenerator(seed: seed)
      let disk = try makeDisk()
      let file = try disk.open("/d/a", .create)
      let region = try file.map(16_384, at: 0, writable: true)
      try disk.syncDirectory("/d")
      var durable: [UInt8] = []
      for _ in 0..<20 {
        let position = Int.random(in: 0..<30_000, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0:
          try file.sync()
          durable = try file.bytes(try file.size())
        case 1 where position < (try file.size()):
          region.store("map", at: position / 2)
        default:
          let count = Int.random(in: 1..<3000, using: &generator)
          try file.write(
            [UInt8](
              repeating: UInt8.random(in: 1...255, using: &generator),
              count: count), at: position)
        }
      }
      let current = try file.bytes(try file.size())
      let left = disk.crash(style, using: &generator)
      let survivor = try left.open("/d/a", .readWrite)
      let found = try survivor.bytes(1 << 20)
      check(found, durable, current, style, seed)
      // After the death of the process a power cut can still take what was not synced.
      let later = try left.crash(.loseAllUnsynced).open("/d/a", .readOnly).bytes(1 << 20)
      #expect(later == (style == .keepAll ? durable : found), "seed \(seed)")
    }
  }

  private func check(
    _ found: [UInt8], _ durable: [UInt8], _ current: [UInt8], _ style: CrashStyle, _ seed: UInt64
  ) {
    switch style {
    case .loseAllUnsynced: #expect(found == durable, "seed \(seed)")
    case .keepAll: #expect(found == current, "seed \(seed)")
    case .random, .randomTorn:
      #expect((durable.count...current.count).contains(found.count), "seed \(seed)")
      let old = durable + [UInt8](repeating: 0, count: max(0, found.count - durable.count))
      for start in stride(from: 0, to: found.count, by: 512) {
        let range = start..<min(start + 512, found.count)
        if found[range] == old[range] || found[range] == current[range] { continue }
        guard style == .randomTorn else {
          Issue.record("a torn sector at \(start), seed \(seed)")
          continue
        }
        let isMixed = range.allSatisfy { found[$0] == old[$0] || found[$0] == current[$0] }
        #expect(isMixed, "an invented byte near \(start), seed \(seed)")
      }
    }
  }

  @Test(
    "the dice of a random crash fall on both sides", arguments: [.random, CrashStyle.randomTorn])
  func bothOutcomes(style: CrashStyle) throws {
    var contents: Set<String> = []
    var presences: Set<Bool> = []
    for seed in Self.seeds {
      var generator = SeededGenerator(seed: seed)
      let disk = try makeDisk()
      let file = try disk.open("/d/a", .create)
      try file.write("old")
      try file.sync()
      try disk.syncDirectory("/d")
      try file.write("new")
      try disk.put("x", "/d/b")
      let left = disk.crash(style, using: &generator)
      contents.insert(try left.text("/d/a"))
      presences.insert(try left.kind(of: "/d/b") != nil)
    }
    #expect(contents.isSuperset(of: ["old", "new"]), "\(contents)")
    #expect(presences == [true, false])
  }

  @Test("bytes behind the durable end may be missing, or zeros")
  func growth() throws {
    var found: Set<String> = []
    for seed in Self.seeds {
      var generator = SeededGenerator(seed: seed)
      let disk = try makeDisk()
      let file = try disk.open("/d/a", .create)
      try disk.syncDirectory("/d")
      try file.write("ab")
      found.insert(try disk.crash(.random, using: &generator).text("/d/a"))
    }
    #expect(found == ["", "a", "ab", "\0", "\0\0"])
  }

  @Test("a truncation that was not synced happened or did not")
  func truncation() throws {
    let old = String(repeating: "o", count: 1024)
    var found: Set<String> = []
    for seed in Self.seeds {
      var generator = SeededGenerator(seed: seed)
      let disk = try makeDisk()
      let file = try disk.open("/d/a", .create)
      try file.write(old)
      try file.sync()
      try disk.syncDirectory("/d")
      try file.truncate(to: 512)
      found.insert(try disk.crash(.random, using: &generator).text("/d/a"))
    }
    #expect(found == [old, String(old.prefix(512))])
  }

  @Test("names are durable once their directory is synced, and that of each parent")
  func names() throws {
    let disk = try makeDisk()
    try disk.makeDirectory("/d/e")
    try disk.open("/d/e/f", .create).sync()
    try disk.syncDirectory("/d/e")
    let unsynced = disk.crash(.keepAll)
    #expect(try unsynced.kind(of: "/d/e/f") == .file)
    try unsynced.syncDirectory("/d")
    let synced = unsynced.crash(.loseAllUnsynced)
    #expect(try synced.kind(of: "/d/e/f") == .file)
    try synced.remove("/d/e/f")
    try synced.makeDirectory("/d/g")
    let left = synced.crash(.loseAllUnsynced)
    #expect(try left.kind(of: "/d/e/f") == .file)
    #expect(try left.kind(of: "/d/g") == nil)
  }

  @Test("a child is lost with the name of its directory")
  func lostParent() throws {
    let disk = try makeDisk()
    try disk.makeDirectory("/d/e")
    try disk.put("x", "/d/e/f")
    try disk.syncDirectory("/d/e")
    #expect(try disk.crash(.loseAllUnsynced).kind(of: "/d/e") == nil)
  }

  @Test("a rename is atomic, and changes of one name keep their order")
  func renames() throws {
    var found: Set<[String]> = []
    for seed in Self.seeds {
      var generator = SeededGenerator(seed: seed)
      let disk = try makeDisk()
      try disk.put("old", "/d/a")
      try disk.open("/d/a", .readWrite).sync()
      try disk.syncDirectory("/d")
      try disk.put("new", "/d/tmp")
      try disk.open("/d/tmp", .readWrite).sync()
      try disk.rename("/d/tmp", to: "/d/a")
      let left = disk.crash(.random, using: &generator)
      found.insert(try left.names("/d") + [try left.text("/d/a")])
    }
    #expect(found == [["a", "old"], ["a", "tmp", "old"], ["a", "new"]])
  }

  @Test("a rename between directories is durable with either of them", arguments: ["/d", "/e"])
  func renameAcross(synced: String) throws {
    let disk = try makeDisk()
    try disk.makeDirectory("/e")
    try disk.put("x", "/d/a")
    try disk.syncDirectory("/d")
    try disk.syncDirectory("/")
    try disk.rename("/d/a", to: "/e/b")
    try disk.syncDirectory(synced)
    let left = disk.crash(.loseAllUnsynced)
    #expect(try left.names("/d") == [])
    #expect(try left.names("/e") == ["b"])
  }

  @Test("after a crash the old disk is dead and its locks are free")
  func deadDisk() throws {
    let disk = try makeDisk()
    let file = try disk.open("/d/a", .create)
    let lock = try disk.lock("/d/.lock")
    let left = disk.crash(.keepAll)
    #expect(disk.isDown)
    #expect(failure { try file.write("x") } == DiskError(call: "pwrite", path: "/d/a", errno: EIO))
    #expect(failure { try file.sync() }?.errno == EIO)
    #expect(failure { _ = try file.size() }?.errno == EIO)
    #expect(failure { _ = try disk.open("/d/a", .create) }?.errno == EIO)
    #expect(failure { _ = try disk.list("/d") }?.errno == EIO)
    #expect(lock != nil)
    #expect(try left.lock("/d/.lock") != nil)
    #expect(try left.text("/d/a") == "")
  }

  @Test("one seed gives one outcome")
  func repeatable() throws {
    func outcome() throws -> [String] {
      var generator = SeededGenerator(seed: 7)
      let disk = try makeDisk()
      for number in 0..<20 { try disk.put("\(number)", "/d/\(number)") }
      let left = disk.crash(.randomTorn, using: &generator)
      return try left.names("/d").map { "\($0): \(try left.text("/d/\($0)"))" }
    }
    #expect(try outcome() == outcome())
  }
}
