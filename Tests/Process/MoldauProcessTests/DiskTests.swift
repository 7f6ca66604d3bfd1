import Foundation
import MoldauDisk
import MoldauLoad
import MoldauLog
import Testing
import MoldauChildProcess

extension ProcessTests {
  @Suite(.serialized)
  struct DiskTests {
    @Test(
      "a full disk refuses appends, serves reads, and heals when space is freed",
      .enabled(if: Machine.canMount, "mounting a file system needs root"),
      arguments: ["buffered", "group-commit", "every-append"])
    func diskIsFull(level: String) throws {
      try withFolder { folder in
        let options = "size=8m"
        try #require(
          try run("mount", "-t", "tmpfs", "-o", options, "moldau-test", folder).code == 0)
        let result = Result { try fill(folder, level) }
        #expect(try run("umount", folder).code == 0)
        try result.get()
      }
    }

    private func fill(_ folder: String, _ level: String) throws {
      let path = "\(folder)/store"
      let filler = "\(folder)/filler"
      try Data(repeating: 1, count: 3 << 20).write(to: URL(filePath: filler))
      var configuration = StoreConfiguration(
        durability: try #require(WriterLoad.durability(named: level)), journalBytes: 1 << 20)
      configuration.runsMaintenance = true
      let store = try LogStore.open(
        at: path, configuration, disk: SystemDisk(), clock: SystemWallClock())
      let topic = try store.createTopic(
        WriterLoad.topic, WriterLoad.configuration(partitionCount: 1))
      var check = WriterCheck(partitionCount: 1)
      let note = { (offset: Int64) in check.note(partition: 0, offset: offset) }
      for _ in 0..<3 {
        let error = WriterLoad.run(topic, partition: 0) { note($0.rawValue) }
        guard case .diskFull = error else { throw error }
      }
      let end = topic.partitions[0].endOffset.rawValue
      let last = try #require(check.acknowledged[0])
      #expect(end > last)
      var count: Int64 = 0
      try topic.scan(from: .earliest) { _ in count += 1 }
      #expect(count == end)
      try FileManager.default.removeItem(atPath: filler)
      for _ in 0..<100 {
        let next = topic.partitions[0].endOffset.rawValue
        let record = Record(value: WriterLoad.value(partition: 0, offset: next))
        #expect(try topic.appendBlocking(record).rawValue == next)
        check.note(partition: 0, offset: next)
      }
      try store.closeBlocking()
      try check.check(path)
    }

    @Test(
      "what a synced level acknowledged survives a power cut, and a buffered log invents nothing",
      .enabled(if: Machine.canCutPower, "it needs root, loop devices, mkfs.xfs and xfs_io"),
      arguments: [("buffered", 3000), ("group-commit", 300), ("every-append", 100)])
    func powerIsCut(level: String, maxBatchCount: Int) throws {
      let seed = UInt64.random(in: 0...UInt64.max)
      var generator = SeededGenerator(seed: seed)
      try withFolder { folder in
        let image = try XFSImage(in: folder)
        try #require(image.isMounted)
        defer { image.unmount() }
        let path = "\(image.mountPoint)/store"
        for round in 1...Machine.rounds {
          var check = WriterCheck(partitionCount: 3)
          let writer = try ChildProcess(Machine.writer, [path, level, "3"])
          for _ in 0..<Int.random(in: 1...maxBatchCount, using: &generator) {
            guard let line = writer.readLine() else { break }
            try check.note(line)
          }
          #expect(try image.cutPower())
          writer.signal(SIGKILL)
          if level != "buffered" {
            while let line = writer.readLine() { try check.note(line) }
          }
          _ = writer.wait()
          image.unmount()
          try image.mount()
          try #require(image.isMounted, "round \(round), seed \(seed)")
          try check.check(path, allowsLoss: level == "buffered")
        }
      }
    }

    @Test(
      "a failed sync ends the store, and what was acknowledged before is there after recovery",
      .enabled(if: Machine.canInject, "it needs strace and the right to trace"),
      arguments: ["group-commit", "every-append"])
    func syncFails(level: String) throws {
      try withFolder { folder in
        let path = "\(folder)/store"
        var check = WriterCheck(partitionCount: 2)
        let writer = try ChildProcess(
          "strace",
          [
            "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
            "inject=fdatasync:error=EIO:when=25+", Machine.writer, path, level, "2",
          ])
        while let line = writer.readLine() { try check.note(line) }
        #expect(writer.wait() == .exited(3))
        #expect(writer.errorText.contains("a sync of"))
        #expect(!check.acknowledged.isEmpty)
        #expect(FileManager.default.fileExists(atPath: "\(path)/moldau-sync-failed"))
        try check.check(path)
        #expect(!FileManager.default.fileExists(atPath: "\(path)/moldau-sync-failed"))
      }
    }
  }
}
