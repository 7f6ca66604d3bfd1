import Glibc
import MoldauDisk
import MoldauLog
import Synchronization
import Testing

@testable import MoldauCoordination

/// An embedded tree that is kept in a log: on a disk in memory, without a thread.
struct StorageTests {
  @Test("what was answered is there again, without what belonged to sessions")
  func reopening() throws {
    let disk = SimulatedDisk()
    let first = try KeptTree(disk)
    first.write(
      .create(path: "/a", data: [1], kind: .persistent),
      .create(path: "/a/b", data: [2], kind: .persistent),
      .create(path: "/gone", data: [], kind: .persistent))
    first.write(.set(path: "/a", data: [3], version: 0), .delete(path: "/gone", version: nil))
    first.write(.create(path: "/a/n-", data: [], kind: .ephemeralSequential))
    first.write(.create(path: "/mine", data: [], kind: .ephemeral))
    let kept = first.persistentNodes
    let lastChangeID = first.tree.lastChangeID
    try first.tree.close()

    let second = try KeptTree(disk)
    #expect(second.persistentNodes == kept)
    #expect(second.tree.lastChangeID == lastChangeID)
    #expect(second.tree.children(of: "/") == ["a"])
    #expect(second.tree.children(of: "/a") == ["b"])
    second.write(.create(path: "/a/n-", data: [], kind: .persistentSequential))
    #expect(second.tree.children(of: "/a") == ["b", "n-0000000002"])
    #expect(second.tree.stat(of: "/a/n-0000000002")?.creationID == lastChangeID + 1)
    try second.tree.close()
  }

  @Test("nobody hears of a change before it survives a power cut")
  func durability() throws {
    let kept = try KeptTree(SimulatedDisk())
    kept.send(.exists(path: "/a", watches: true))
    kept.settle()
    kept.send(.write([.create(path: "/a", data: [], kind: .persistent)]))
    kept.send(.sync(path: "/"))
    kept.queue.runAll()
    #expect(kept.told == ["connected", "exists(nil)"])
    kept.settle()
    #expect(kept.told.suffix(3) == ["changed", "written", "synced"])
    // What changes nothing waits for nothing.
    kept.send(.data(path: "/a", watches: false))
    kept.queue.runAll()
    #expect(kept.told.last == "data")
    try kept.tree.close()
    kept.queue.runAll()
    #expect(kept.told.last == "disconnected")
  }

  @Test("a change that finds no room is refused, and the next is taken when there is some")
  func diskFull() throws {
    let disk = SimulatedDisk()
    let kept = try KeptTree(disk)
    kept.write(.create(path: "/a", data: [], kind: .persistent))
    disk.onCall = { $0.isChange ? .fail(errno: ENOSPC) : nil }
    let large = [UInt8](repeating: 1, count: 900_000)
    kept.write(.create(path: "/a/large", data: large, kind: .persistent))
    #expect(kept.told.last == "service")
    #expect(kept.tree.children(of: "/a") == [])
    disk.onCall = nil
    kept.write(.create(path: "/a/small", data: [], kind: .persistent))
    #expect(kept.told.last == "written")
    #expect(kept.tree.children(of: "/a") == ["small"])
    try kept.tree.close()
  }

  @Test("after a failed sync nobody is served, and an answer says that nothing is known")
  func failedSync() throws {
    let disk = SimulatedDisk()
    let kept = try KeptTree(disk)
    kept.write(.create(path: "/a", data: [], kind: .persistent))
    disk.onCall = { $0.name == "fdatasync" ? .fail(errno: EIO) : nil }
    kept.write(.create(path: "/b", data: [], kind: .persistent))
    #expect(kept.told.suffix(2) == ["disconnected", "connectionLost"])
    kept.tree.setAvailable(true)
    kept.write(.create(path: "/c", data: [], kind: .persistent))
    #expect(kept.told.last == "connectionLost")
  }

  @Test("a log that has lost what was answered is not opened, until someone has removed the note")
  func damage() throws {
    let disk = SimulatedDisk()
    let kept = try KeptTree(disk)
    kept.write(.create(path: "/a", data: [1], kind: .persistent))
    kept.write(.create(path: "/b", data: [2], kind: .persistent))
    try kept.tree.close()
    let path = "/coordination/tree-0/00000000000000000000.log"
    var bytes = try disk.contents(of: path)
    bytes[70] ^= 0xFF
    try disk.replaceFile(at: path, with: bytes, isDurable: true)
    try disk.remove("/coordination/\(StoreLayout.cleanShutdownMarker)")
    let note = "/coordination/\(TreeStorage.lossNoteName)"
    for _ in 0..<2 {
      #expect(throws: TreeOpenFailure.lostChanges(folder: "/coordination", note: note)) {
        _ = try KeptTree(disk)
      }
    }
    let text = String(decoding: try disk.contents(of: note), as: UTF8.self)
    #expect(text.contains("DAMAGE in \(path)"))
    try disk.remove(note)
    let rest = try KeptTree(disk)
    #expect(rest.tree.children(of: "/") == ["b"])
    try rest.tree.close()
  }

  @Test("compaction leaves the same tree")
  func compaction() throws {
    let disk = SimulatedDisk()
    let first = try KeptTree(disk)
    first.write(.create(path: "/a", data: [], kind: .persistent))
    for round in 0..<200 {
      first.write(
        .set(path: "/a", data: [UInt8](repeating: UInt8(round), count: 1000), version: nil),
        .create(path: "/a/n", data: [], kind: .persistent))
      first.write(.delete(path: "/a/n", version: nil))
    }
    let kept = first.persistentNodes
    let topic = try #require(first.tree.store?.existingTopic("tree"))
    let report = try topic.compactBlocking()
    #expect(report.removedRecordCount > 800)
    #expect(first.persistentNodes == kept)
    try first.tree.close()
    #expect(try KeptTree(disk).persistentNodes == kept)
  }

  @Test("whenever the machine stops, each change is kept as a whole, and what was answered is kept")
  func crashes() throws {
    for seed in UInt64(1)...4 {
      let calls = Mutex(0)
      let probe = SimulatedDisk()
      probe.onCall = { call in
        if call.isChange { calls.withLock { $0 += 1 } }
        return nil
      }
      _ = try History(probe, seed: seed)
      let total = calls.withLock { $0 }
      for nth in stride(from: 1 + Int(seed), through: total, by: 5) {
        try crash(at: nth, seed: seed)
      }
    }
  }

  private func crash(at nth: Int, seed: UInt64) throws {
    let disk = SimulatedDisk()
    disk.onCall = DiskFault.crashing(nth: nth)
    let history: History
    do { history = try History(disk, seed: seed) } catch is LogError {
      return
    } catch is TreeOpenFailure {
      return
    }
    for style in CrashStyle.allCases {
      var generator = SeededGenerator(seed: seed &* 1000 &+ UInt64(nth))
      let left = disk.crash(style, using: &generator)
      let found = try KeptTree(left).persistentNodes
      let place = history.states.lastIndex(of: found)
      let isFine = (place ?? -1) >= history.answeredCount
      #expect(isFine, "seed \(seed), call \(nth), \(style): state \(place ?? -1)")
    }
  }
}

/// Changes by the dice, until they are done or the disk fails.
private struct History {
  /// What is to be kept after each change, the first before any.
  var states: [[String: KeptTree.Kept]] = []
  /// How many of the changes were answered.
  var answeredCount = 0

  init(_ disk: SimulatedDisk, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let kept = try KeptTree(disk)
    states.append(kept.persistentNodes)
    let names = ["/a", "/b", "/a/x", "/a/y", "/b/x"]
    for _ in 0..<30 {
      let operations = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
        let path = names[Int.random(in: 0..<names.count, using: &generator)]
        let data = [UInt8](repeating: 7, count: Int.random(in: 0...700, using: &generator))
        switch Int.random(in: 0...4, using: &generator) {
        case 0: return CoordinationOperation.delete(path: path, version: nil)
        case 1: return .set(path: path, data: data, version: nil)
        case 2: return .create(path: path, data: data, kind: .persistentSequential)
        default: return .create(path: path, data: data, kind: .persistent)
        }
      }
      let before = kept.tree.lastChangeID
      kept.send(.write(operations))
      let isChanged = kept.tree.lastChangeID > before
      if isChanged { states.append(kept.persistentNodes) }
      kept.settle()
      switch kept.told.last {
      case "written" where isChanged: answeredCount = states.count - 1
      case "written", "refused": break
      default: return
      }
    }
    try kept.tree.close()
  }
}

/// A tree on a disk with one session, whose threads are run by hand.
private final class KeptTree: Sendable {
  /// What is kept of a node.
  struct Kept: Hashable, Sendable {
    var data: [UInt8]
    var stat: NodeStat
    var createdCount: Int32
  }

  let tree: EmbeddedTree
  let queue = SerialQueue(name: "test", runsThread: false)
  private let session: any CoordinationSession
  private let notes: Notes

  init(_ disk: SimulatedDisk) throws {
    var configuration = StoreConfiguration()
    configuration.threads = .manual
    tree = try EmbeddedTree.open(
      in: "/coordination", queue: queue, scheduler: nil, configuration, disk: disk,
      clock: SystemWallClock())
    let notes = Notes()
    self.notes = notes
    session = tree.connect(timeoutMilliseconds: 1000) { notes.note("\($0)") }
    queue.runAll()
  }

  var told: [String] { notes.texts.withLock { $0 } }

  var persistentNodes: [String: Kept] {
    tree.server.withLock { server in
      server.tree.nodes.filter { $0.value.owner == 0 }.mapValues { node in
        var stat = node.stat
        // Ephemeral children are not kept.
        stat.childCount = 0
        return Kept(data: node.data, stat: stat, createdCount: node.createdCount)
      }
    }
  }

  func send(_ request: CoordinationRequest) {
    session.perform(request) { [notes] result in
      switch result {
      case .success(let answer): notes.note("\(answer)")
      case .failure(.refused): notes.note("refused")
      case .failure(.service): notes.note("service")
      case .failure(.connectionLost): notes.note("connectionLost")
      case .failure(let error): notes.note("\(error)")
      }
    }
  }

  /// Lets all that is on its way arrive.
  func settle() {
    while tree.store?.runCommits() == true {}
    queue.runAll()
  }

  func write(_ operations: CoordinationOperation...) {
    send(.write(operations))
    settle()
  }

  private final class Notes: Sendable {
    let texts = Mutex<[String]>([])

    /// Keeps the name of the case, and what is nil.
    func note(_ text: String) {
      let name = text == "exists(nil)" ? text : String(text.prefix { $0.isLetter })
      texts.withLock { $0.append(name) }
    }
  }
}
