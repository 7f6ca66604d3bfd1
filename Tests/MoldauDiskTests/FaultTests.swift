import Foundation
import MoldauDisk
import Synchronization
import Testing

@Suite("faults and bounds of the simulated disk")
struct FaultTests {
  private func makeFile(_ disk: SimulatedDisk) throws -> any DiskFile {
    let file = try disk.open("/a", .create)
    try disk.syncDirectory("/")
    return file
  }

  @Test("the hook sees each call with its number and name")
  func hook() throws {
    let disk = SimulatedDisk()
    let seen = Mutex<[DiskCall]>([])
    disk.onCall = { call in
      seen.withLock { $0.append(call) }
      return nil
    }
    let file = try makeFile(disk)
    try file.write([1], [2], at: 0)
    try file.write("x")
    _ = try file.bytes(1)
    try file.truncate(to: 10)
    try file.allocate(10, at: 0)
    try file.sync()
    _ = try file.map(10, at: 0, writable: false)
    try disk.rename("/a", to: "/b")
    try disk.remove("/b")
    #expect(
      seen.withLock { $0 }.map { "\($0.number) \($0.name) \($0.path) \($0.isChange)" } == [
        "1 open /a true", "2 fsync / true", "3 pwritev /a true", "4 pwrite /a true",
        "5 pread /a false", "6 ftruncate /a true", "7 fallocate /a true", "8 fdatasync /a true",
        "9 mmap /a false", "10 rename /a true", "11 unlink /b true",
      ])
    #expect(disk.callCount == 11)
  }

  @Test("the nth change fails, once, and does nothing", arguments: 1...5)
  func failing(nth: Int) throws {
    let disk = SimulatedDisk()
    disk.onCall = DiskFault.failing(nth: nth, errno: ENOSPC)
    let calls: [(String, () throws -> Void)] = [
      ("open", { _ = try disk.open("/a", .create) }),
      ("mkdir", { try disk.makeDirectory("/d") }),
      ("pwrite", { try disk.open("/b", .readWrite).write("x") }),
      ("rename", { try disk.rename("/b", to: "/c") }),
      ("unlink", { try disk.remove("/c") }),
    ]
    let bare = disk.onCall
    disk.onCall = nil
    try disk.put("", "/b")
    disk.onCall = bare
    for (index, (name, call)) in calls.enumerated() {
      let error = failure(call)
      guard index + 1 == nth else { continue }
      #expect(error?.call == name)
      #expect(error?.errno == ENOSPC)
      #expect(failure(call) == nil, "and the next try goes well")
    }
  }

  @Test("a write stops where it is told to", arguments: [0, 1, 3, 5, 100])
  func partialWrite(byteCount: Int) throws {
    let disk = SimulatedDisk()
    let file = try makeFile(disk)
    disk.onCall = DiskFault.at(1, .failAfterWriting(byteCount: byteCount, errno: ENOSPC)) {
      $0.name == "pwritev"
    }
    let error = failure { try file.write([1, 2], [3, 4, 5], at: 0) }
    #expect(error == DiskError(call: "pwritev", path: "/a", errno: ENOSPC))
    #expect(try file.bytes(10) == Array([1, 2, 3, 4, 5].prefix(byteCount)))
    try file.write([1, 2], [3, 4, 5], at: 0)
    #expect(try file.bytes(10) == [1, 2, 3, 4, 5])
  }

  @Test("the machine stops at the nth change, before or within it")
  func crashing() throws {
    for (fault, found) in [(DiskFault.crash, "one"), (.crashAfterWriting(byteCount: 2), "TWe")] {
      let disk = SimulatedDisk()
      let file = try makeFile(disk)
      try file.write("one")
      disk.onCall = DiskFault.at(1, fault) { $0.isChange }
      #expect(failure { try file.write("TWO") }?.errno == EIO)
      #expect(disk.isDown)
      #expect(failure { _ = try file.bytes(1) }?.errno == EIO)
      #expect(failure { try file.sync() }?.errno == EIO)
      #expect(try disk.crash(.keepAll).text("/a") == found)
    }
  }

  @Test(
    "a failed sync loses its data: the next one succeeds without them", arguments: [false, true])
  func failedSync(throughMap: Bool) throws {
    let disk = SimulatedDisk()
    let file = try makeFile(disk)
    try file.write(String(repeating: "-", count: 12_288))
    try file.sync()
    let region = try file.map(12_288, at: 0, writable: true)
    func change(_ text: String, at position: Int) throws {
      if throughMap { region.store(text, at: position) } else { try file.write(text, at: position) }
    }
    try change("lost", at: 0)
    try change("lost", at: 8192)
    disk.onCall = DiskFault.at(1, .fail(errno: EIO)) { $0.name == "fdatasync" }
    #expect(failure { try file.sync() }?.errno == EIO)
    #expect(try file.bytes(4) == Array("lost".utf8), "still in memory")
    try change("kept", at: 4096)
    try change("again", at: 8196)
    try file.sync()
    let left = try disk.crash(.loseAllUnsynced).open("/a", .readOnly)
    #expect(try left.bytes(5, at: 0) == Array("-----".utf8))
    #expect(try left.bytes(5, at: 4096) == Array("kept-".utf8))
    #expect(
      try left.bytes(10, at: 8192) == Array("lostagain-".utf8), "a page that changed again is whole"
    )
  }

  @Test("a sync of the whole file system covers every file and name, or loses what a sync would")
  func fileSystemSync() throws {
    let disk = SimulatedDisk()
    try disk.makeDirectory("/d")
    try disk.put("one", "/d/a")
    try disk.syncFileSystem("/")
    try disk.put("two", "/d/b")
    try disk.open("/d/a", .readWrite).write("new")
    disk.onCall = DiskFault.at(1, .fail(errno: EIO)) { $0.name == "syncfs" }
    #expect(failure { try disk.syncFileSystem("/d") }?.call == "syncfs")
    try disk.syncFileSystem("/d")
    let left = disk.crash(.loseAllUnsynced)
    #expect(try left.text("/d/a") == "one")
    #expect(try left.names("/d") == ["a", "b"])
  }

  @Test("a full disk takes what fits and refuses the rest")
  func capacity() throws {
    let disk = SimulatedDisk(capacity: 3 * 4096)
    let file = try makeFile(disk)
    #expect(try disk.availableBytes(at: "/") == 3 * 4096)
    #expect(
      failure { try file.write([UInt8](repeating: 1, count: 20_000), at: 100) }?.errno == ENOSPC)
    #expect(try file.size() == 3 * 4096)
    #expect(disk.usedBytes == 3 * 4096)
    try file.write("over what is there", at: 0)

    try file.truncate(to: 4097)
    #expect(disk.usedBytes == 2 * 4096)
    #expect(failure { try file.allocate(8192, at: 8192) }?.errno == ENOSPC)
    #expect(try file.size() == 4097)
    try file.allocate(4096, at: 8192)
    #expect(try file.size() == 12_288)
    try file.truncate(to: 1 << 20)
    #expect(disk.usedBytes == 3 * 4096, "a hole takes nothing")

    let other = try disk.open("/b", .create)
    #expect(failure { try other.write("x") }?.errno == ENOSPC)
    disk.capacity = 4 * 4096
    try other.write("x")
    #expect(try disk.availableBytes(at: "/") == 0)
    #expect(disk.crash(.keepAll).usedBytes == 4 * 4096)
  }

  @Test("space is free when the last name and the last open file are gone")
  func freedSpace() throws {
    let disk = SimulatedDisk(capacity: 1 << 20)
    var file: (any DiskFile)? = try makeFile(disk)
    try file?.write("x")
    try disk.remove("/a")
    #expect(disk.usedBytes == 4096)
    var region = try file?.map(1, at: 0, writable: false)
    file = nil
    #expect(disk.usedBytes == 4096)
    #expect(region != nil)
    region = nil
    #expect(disk.usedBytes == 0)
    try disk.put("x", "/b")
    try disk.put("x", "/c")
    try disk.rename("/b", to: "/c")
    #expect(disk.usedBytes == 4096)
    #expect(disk.crash(.keepAll).usedBytes == 4096)
  }

  @Test("files end at 2 GiB")
  func largest() throws {
    let disk = SimulatedDisk()
    let file = try makeFile(disk)
    try file.write("x", at: (1 << 31) - 1)
    #expect(try file.size() == 1 << 31)
    #expect(disk.usedBytes == 4096)
    #expect(failure { try file.write("xy", at: (1 << 31) - 1) }?.errno == EFBIG)
    #expect(failure { try file.truncate(to: 1 << 32) }?.errno == EFBIG)
    #expect(failure { try file.allocate(1 << 31, at: 1) }?.errno == EFBIG)
  }
}
