import Foundation
import MoldauDisk
import Testing

@Suite("each disk keeps the contract of Disk and DiskFile")
struct DiskContractTests {
  @Test("a file holds what was written, where it was written", arguments: DiskSubject.allCases)
  func writeAndRead(subject: DiskSubject) throws {
    try subject.withFolder { disk, folder in
      let file = try disk.open("\(folder)/a", .create)
      #expect(try file.size() == 0)
      #expect(try file.bytes(10).isEmpty)
      try file.write("hello", at: 3)
      #expect(try file.size() == 8)
      #expect(try file.bytes(100) == [0, 0, 0] + Array("hello".utf8))
      #expect(try file.bytes(2, at: 4) == Array("el".utf8))
      #expect(try file.bytes(5, at: 8).isEmpty)
      #expect(try file.bytes(5, at: 1000).isEmpty)
      try file.write("J", at: 3)
      try file.write([], at: 500)
      #expect(try disk.text("\(folder)/a") == "\0\0\0Jello")
      #expect(file.path == "\(folder)/a")
      #expect((file.descriptor != nil) == (subject == .system))
    }
  }

  @Test("both parts of a write in two parts arrive", arguments: DiskSubject.allCases)
  func writeTwoParts(subject: DiskSubject) throws {
    try subject.withFolder { disk, folder in
      let file = try disk.open("\(folder)/a", .create)
      let big = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      try file.write([1, 2, 3], big, at: 7)
      #expect(try file.bytes(200_000, at: 7) == [1, 2, 3] + big)
      try file.write([], [9], at: 0)
      try file.write([8], [], at: 1)
      try file.write([], [], at: 1 << 20)
      #expect(try file.bytes(8) == [9, 8, 0, 0, 0, 0, 0, 1])
      #expect(try file.size() == 100_010)
    }
  }

  @Test(
    "random writes, truncations and allocations leave what an array would hold",
    arguments: DiskSubject.allCases, [UInt64(1), 2, 3])
  func model(subject: DiskSubject, seed: UInt64) throws {
    try subject.withFolder { disk, folder in
      var generator = SeededGenerator(seed: seed)
      let file = try disk.open("\(folder)/a", .create)
      var model: [UInt8] = []
      for step in 0..<200 {
        let position =
          Int.random(in: 0..<200_000, using: &generator)
          >> Int.random(
            in: 0..<8, using: &generator)
        let count = Int.random(in: 1..<9_000, using: &generator)
        func grow(_ end: Int) {
          if end > model.count { model += repeatElement(0, count: end - model.count) }
        }
        switch Int.random(in: 0..<8, using: &generator) {
        case 0:
          try file.truncate(to: position)
          if position < model.count { model.removeSubrange(position...) }
          grow(position)
        case 1:
          try file.allocate(count, at: position)
          grow(position + count)
        case 2:
          try file.sync()
        default:
          let bytes = [UInt8](repeating: UInt8.random(in: 1...255, using: &generator), count: count)
          try file.write(bytes, at: position)
          grow(position + count)
          model.replaceSubrange(position..<(position + count), with: bytes)
        }
        #expect(try file.size() == model.count, "seed \(seed), step \(step)")
      }
      #expect(try file.bytes(model.count + 1) == model, "seed \(seed)")
    }
  }

  @Test(
    "open modes: what must exist, what is made, what is emptied",
    arguments: DiskSubject.allCases)
  func openModes(subject: DiskSubject) throws {
    try subject.withFolder { disk, folder in
      let path = "\(folder)/a"
      for mode in [OpenMode.readOnly, .readWrite] {
        let error = failure { _ = try disk.open(path, mode) }
        #expect(error == DiskError(call: "open", path: path, errno: ENOENT))
      }
      try disk.open(path, .create).write("one")
      #expect(try disk.open(path, .create).text() == "one")
      #expect(try disk.open(path, .readWrite).text() == "one")
      #expect(try disk.open(path, .readOnly).text() == "one")
      #expect(try disk.open(path, .createEmpty).size() == 0)
      #expect(failure { _ = try disk.open("\(path)/b", .create) }?.errno == ENOTDIR)
      #expect(failure { _ = try disk.open("\(folder)/no/b", .create) }?.errno == ENOENT)
      #expect(failure { _ = try disk.open(folder, .readWrite) }?.errno == EISDIR)
    }
  }

  @Test("a path with a NUL or an overlong name is refused", arguments: DiskSubject.allCases)
  func badPaths(subject: DiskSubject) throws {
    try subject.withFolder { disk, folder in
      let bad = "\(folder)/a\0b"
      #expect(failure { _ = try disk.open(bad, .create) }?.errno == EINVAL)
      #expect(failure { try disk.makeDirectory(bad) }?.errno == EINVAL)
      #expect(failure { _ = try disk.list(bad) }?.errno == EINVAL)
      #expect(failure { _ = try disk.kind(of: bad) }?.errno == EINVAL)
      #expect(failure { try disk.rename(folder, to: bad) }?.errno == EINVAL)
      #expect(failure { try disk.remove(bad) }?.errno == EINVAL)
      #expect(failure { try disk.removeDirectory(bad) }?.errno == EINVAL)
      #expect(failure { try disk.syncDirectory(bad) }?.errno == EINVAL)
      #expect(failure { _ = try disk.lock(bad) }?.errno == EINVAL)
      #expect(failure { _ = try disk.availableBytes(at: bad) }?.errno == EINVAL)
      let long = "\(folder)/\(String(repeating: "x", count: 256))"
      #expect(failure { _ = try disk.open(long, .create) }?.errno == ENAMETOOLONG)
      let names = try disk.names(folder)
      #expect(names.isEmpty)
    }
  }

  @Test("directories list what they hold and go only when empty", arguments: DiskSubject.allCases)
  func directories(subject: DiskSubject) throws {
    try subject.withFolder { disk, folder in
      try disk.makeDirectory("\(folder)/d")
      try disk.makeDirectory("\(folder)/d")
      try disk.put("x", "\(folder)/f")
      #expect(
        Set(try disk.list(folder)) == [
          DirectoryEntry(name: "d", kind: .directory), DirectoryEntry(name: "f", kind: .file),
        ])
      #expect(try disk.kind(of: "\(folder)/d") == .directory)
      #expect(try disk.kind(of: "\(folder)/./d/../f") == .file)
      #expect(try disk.kind(of: "\(folder)/no") == nil)
      #expect(try disk.kind(of: "\(folder)/f/no") == nil)
      try disk.syncDirectory(folder)
      try disk.syncFileSystem(folder)

      try disk.put("x", "\(folder)/d/g")
      #expect(failure { try disk.removeDirectory("\(folder)/d") }?.errno == ENOTEMPTY)
      #expect(failure { try disk.removeDirectory("\(folder)/f") }?.errno == ENOTDIR)
      #expect(failure { try disk.removeDirectory("\(folder)/no") }?.errno == ENOENT)
      #expect(failure { try disk.remove("\(folder)/d") }?.errno == EISDIR)
      #expect(failure { try disk.remove("\(folder)/no") }?.errno == ENOENT)
      #expect(failure { try disk.makeDirectory("\(folder)/f") }?.errno == EEXIST)
      #expect(failure { try disk.makeDirectory("\(folder)/no/d") }?.errno == ENOENT)
      #expect(failure { _ = try disk.list("\(folder)/f") }?.errno == ENOTDIR)
      #expect(failure { _ = try disk.list("\(folder)/no") }?.errno == ENOENT)
      #expect(failure { try disk.syncDirectory("\(folder)/no") }?.errno == ENOENT)
      #expect(failure { try disk.syncFileSystem("\(folder)/no") }?.errno == ENOENT)
      #expect(failure { try disk.syncDirectory("\(folder)/f") }?.errno == ENOTDIR)
      try disk.remove("\(folder)/d/g")
      try disk.removeDirectory("\(folder)/d")
      #expect(try disk.names(folder) == ["f"])
    }
  }

  @Test(
    "a rename takes a file or a folder with all it holds, and replaces",
    arguments: DiskSubject.allCases)
  func rename(subject: DiskSubject) throws {
    try subject.withFolder { disk, folder in
      try disk.put("one", "\(folder)/a")
      try disk.put("two", "\(folder)/b")
      let old = try disk.open("\(folder)/b", .readOnly)
      let moved = try disk.open("\(folder)/a", .readWrite)
      try disk.rename("\(folder)/a", to: "\(folder)/b")
      #expect(try disk.text("\(folder)/b") == "one")
      #expect(try old.text() == "two", "an open file outlives its name")
      try moved.write("O")
      #expect(try disk.text("\(folder)/b") == "One")
      #expect(try disk.names(folder) == ["b"])

      try disk.makeDirectory("\(folder)/d")
      try disk.put("x", "\(folder)/d/x")
      try disk.rename("\(folder)/d", to: "\(folder)/e")
      #expect(try disk.text("\(folder)/e/x") == "x")
      try disk.rename("\(folder)/e/x", to: "\(folder)/x")
      try disk.rename("\(folder)/x", to: "\(folder)/x")
      #expect(try disk.names(folder) == ["b", "e", "x"])

      try disk.makeDirectory("\(folder)/full")
      try disk.put("y", "\(folder)/full/y")
      let cases: [(String, String, CInt)] = [
        ("no", "z", ENOENT), ("b", "no/z", ENOENT), ("b", "e", EISDIR), ("e", "b", ENOTDIR),
        ("e", "full", ENOTEMPTY), ("full", "full/z", EINVAL),
      ]
      for (from, to, errno) in cases {
        let error = failure { try disk.rename("\(folder)/\(from)", to: "\(folder)/\(to)") }
        #expect(error?.errno == errno, "\(from) to \(to)")
      }
      try disk.rename("\(folder)/full", to: "\(folder)/e")
      #expect(try disk.names(folder) == ["b", "e", "x"])
      #expect(try disk.names("\(folder)/e") == ["y"])
    }
  }

  @Test(
    "a removed file stays readable and writable while it is open",
    arguments: DiskSubject.allCases)
  func removeOpen(subject: DiskSubject) throws {
    try subject.withFolder { disk, folder in
      try disk.put("one", "\(folder)/a")
      let file = try disk.open("\(folder)/a", .readWrite)
      try disk.remove("\(folder)/a")
      try file.write("T", at: 3)
      #expect(try file.text() == "oneT")
      try file.sync()
      #expect(try disk.kind(of: "\(folder)/a") == nil)
      try disk.put("other", "\(folder)/a")
      #expect(try file.text() == "oneT")
    }
  }

  @Test("a map shows the file and follows it", arguments: DiskSubject.allCases)
  func maps(subject: DiskSubject) throws {
    try subject.withFolder { disk, folder in
      let path = "\(folder)/a"
      var file: (any DiskFile)? = try disk.open(path, .create)
      try file?.write("head")
      try file?.truncate(to: 300_000)
      let writable = try #require(try file?.map(300_000, at: 0, writable: true))
      let reading = try #require(try file?.map(4096, at: 8192, writable: false))
      #expect(writable.count == 300_000)
      #expect(writable.text(4) == "head")

      writable.store("mapped", at: 8192)
      #expect(try file?.bytes(6, at: 8192) == Array("mapped".utf8))
      #expect(reading.text(6) == "mapped")
      try file?.write("M", at: 8192)
      #expect(writable.text(4) == "head")
      #expect(reading.text(6) == "Mapped")

      try file?.write("far", at: 1 << 20)
      #expect(reading.text(6) == "Mapped", "growing leaves maps alone")
      try file?.sync()
      file = nil
      #expect(reading.text(6) == "Mapped", "a map outlives the open file")
      try disk.remove(path)
      #expect(reading.text(6) == "Mapped", "and the name")
    }
  }

  @Test("a file is replaced as a whole, and durably when asked", arguments: DiskSubject.allCases)
  func wholeFiles(subject: DiskSubject) throws {
    try subject.withFolder { disk, folder in
      let path = "\(folder)/a"
      try disk.replaceFile(at: path, with: Array("one".utf8), isDurable: false)
      try disk.replaceFile(at: path, with: Array("two".utf8), isDurable: true)
      #expect(try disk.contents(of: path) == Array("two".utf8))
      #expect(try disk.names(folder) == ["a"])
      let simulated = (disk as? SimulatedDisk).flatMap { subject == .simulated ? $0 : nil }
      guard let simulated else { return }
      try disk.syncDirectory("/")
      try disk.replaceFile(at: path, with: Array("three".utf8), isDurable: false)
      let left = simulated.crash(.loseAllUnsynced)
      #expect(try left.contents(of: path) == Array("two".utf8))
    }
  }

  @Test("a lock has one holder, in one process too", arguments: DiskSubject.allCases)
  func locks(subject: DiskSubject) throws {
    try subject.withFolder { disk, folder in
      var first = try disk.lock("\(folder)/.lock")
      #expect(first != nil)
      #expect(try disk.lock("\(folder)/.lock") == nil)
      let other = try disk.lock("\(folder)/.lock2")
      #expect(other != nil)
      #expect(try disk.kind(of: "\(folder)/.lock") == .file)
      first = nil
      #expect(try disk.lock("\(folder)/.lock") != nil)
    }
  }

  /// A child process has copies of all descriptors from its first moment until it runs its program.
  @Test("a lock that is given back is free, although a copy of its descriptor is open")
  func lockWithCopy() throws {
    try DiskSubject.system.withFolder { disk, folder in
      var lock = try disk.lock("\(folder)/.lock")
      #expect(lock != nil)
      // SAFETY: the kernel fills the structures, which outlive the calls.
      var wanted = stat()
      try #require(unsafe stat("\(folder)/.lock", &wanted) == 0)
      let descriptor = (0..<4096 as Range<CInt>).first {
        var found = stat()
        return unsafe fstat($0, &found) == 0 && found.st_ino == wanted.st_ino
          && found.st_dev == wanted.st_dev
      }
      let copy = dup(try #require(descriptor))
      defer { close(copy) }
      #expect(copy >= 0)
      lock = nil
      #expect(try disk.lock("\(folder)/.lock") != nil)
    }
  }

  @Test("there is space at a path that exists", arguments: DiskSubject.allCases)
  func availableBytes(subject: DiskSubject) throws {
    try subject.withFolder { disk, folder in
      let available = try disk.availableBytes(at: folder)
      #expect(available > 0)
      #expect(failure { _ = try disk.availableBytes(at: "\(folder)/no") }?.errno == ENOENT)
    }
  }

  @Test("calls from many threads at once keep each other's bytes", arguments: DiskSubject.allCases)
  func threads(subject: DiskSubject) async throws {
    try subject.withFolder { disk, folder in
      let file = try disk.open("\(folder)/a", .create)
      DispatchQueue.concurrentPerform(iterations: 8) { thread in
        do {
          for round in 0..<100 {
            let byte = UInt8(thread + 1)
            try file.write([UInt8](repeating: byte, count: 700), at: (round * 8 + thread) * 700)
            if round % 10 == thread { try file.sync() }
            try disk.put("x", "\(folder)/\(thread)-\(round)")
          }
        } catch {
          Issue.record(error)
        }
      }
      #expect(try disk.list(folder).count == 801)
      for slot in 0..<800 {
        let expected = [UInt8](repeating: UInt8(slot % 8 + 1), count: 700)
        #expect(try file.bytes(700, at: slot * 700) == expected)
      }
    }
  }
}
