import Foundation
import MoldauDisk
import Testing
import MoldauChildProcess

extension ProcessTests {
  @Suite(.serialized)
  struct KillTests {
    /// The level and about how many batches a process gets to append.
    static let levels = [("buffered", 3000), ("group-commit", 300), ("every-append", 100)]

    @Test("what was acknowledged survives kill -9, at every level", arguments: levels)
    func writerIsKilled(level: String, maxBatchCount: Int) throws {
      let seed = UInt64.random(in: 0...UInt64.max)
      var generator = SeededGenerator(seed: seed)
      try withFolder { folder in
        let path = "\(folder)/store"
        var check = WriterCheck(partitionCount: 3)
        for round in 1...Machine.rounds {
          let writer = try ChildProcess(Machine.writer, [path, level, "3"])
          for _ in 0..<Int.random(in: 1...maxBatchCount, using: &generator) {
            guard let line = writer.readLine() else { break }
            try check.note(line)
          }
          writer.signal(SIGKILL)
          while let line = writer.readLine() { try check.note(line) }
          #expect(
            writer.wait() == .killed(SIGKILL),
            "round \(round), seed \(seed): \(writer.errorText)")
          // Now and then the next writer is the one that recovers.
          if round == Machine.rounds || Bool.random(using: &generator) { try check.check(path) }
        }
        #expect(!check.acknowledged.isEmpty, "seed \(seed)")
      }
    }
  }
}
