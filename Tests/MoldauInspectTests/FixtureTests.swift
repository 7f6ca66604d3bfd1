import MoldauReport
import Foundation
import MoldauDisk
import MoldauFormat
import MoldauInspect
import MoldauLog
import Testing

/// Directories that an earlier build of this engine wrote are read by this one, and what this one
/// writes has the same bytes: the formats do not change unnoticed.
///
/// To make the directories anew after a change that was meant: `MOLDAU_WRITE_FIXTURES=1 swift test
/// --filter FixtureTests`.
struct FixtureTests {
  @Test("a directory of an earlier build reads back exactly", arguments: ["clean", "killed"])
  func readsBack(state: String) throws {
    let disk = try Fixture.disk(state)
    let store = try FixtureContent.open(disk, FixedClock())
    #expect(store.recovery.wasClean == (state == "clean"))
    #expect(store.recovery.damages == [])
    #expect(store.recovery.cutByteCount == (state == "clean" ? 0 : FixtureWriter.tornByteCount))
    #expect(store.recovery.replayedBatchCount == (state == "clean" ? 0 : 1))
    #expect(try FixturePartition.all(of: store) == Fixture.expected())
    try store.closeBlocking()
    let again = try FixtureContent.open(disk, FixedClock())
    #expect(again.recovery.wasClean)
    #expect(try FixturePartition.all(of: again) == Fixture.expected())
    try again.closeBlocking()
  }

  @Test("a killed directory that was recovered and closed has the clean one's bytes")
  func recoveredBytes() throws {
    let disk = try Fixture.disk("killed")
    try FixtureContent.open(disk, FixedClock()).closeBlocking()
    try expectEqual(try disk.storeFiles(), try Fixture.files("clean"))
  }

  @Test("what is appended has the bytes that an earlier build wrote")
  func writesTheSame() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let clock = FixedClock()
    let store = try FixtureContent.open(disk, clock)
    try FixtureContent.fill(store, clock)
    try store.closeBlocking()
    // Each build of a codec's library compresses in its own way.
    let (written, golden) = (try disk.storeFiles(), try Fixture.files("clean"))
    let dependsOnCodec = { (name: String) in name.hasPrefix("codecs-0/") }
    try expectEqual(
      written.filter { !dependsOnCodec($0.key) }, golden.filter { !dependsOnCodec($0.key) })
  }

  @Test(
    "batches that come from elsewhere are stored with the bytes that an earlier build gave them")
  func storesTheSame() throws {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try FixtureContent.open(disk, FixedClock())
    let golden = try Fixture.files("clean")
    for (name, configuration) in FixtureContent.topics where name == "codecs" {
      let log = try store.createTopic(name, configuration).partitions[0]
      let bytes = try #require(golden["codecs-0/00000000000000000000.log"])
      try unsafe bytes.withUnsafeBytes { buffer in
        var position = 0
        while position < buffer.count {
          let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[position...])
          let count = try unsafe RecordBatchHeader(parsing: rest).batchByteCount
          // A client knows neither offset nor epoch.
          var batch = unsafe [UInt8](rest[..<count])
          batch.replaceSubrange(0..<8, with: [UInt8](repeating: 0, count: 8))
          batch.replaceSubrange(12..<16, with: [UInt8](repeating: 0xFF, count: 4))
          _ = try unsafe log.append(batch.span.bytes, leaderEpoch: 1)
          position += count
        }
      }
    }
    try store.closeBlocking()
    let isCodecs = { (name: String) in name.hasPrefix("codecs-0/") }
    try expectEqual(
      try disk.storeFiles().filter { isCodecs($0.key) }, golden.filter { isCodecs($0.key) })
  }

  @Test("nothing is wrong with the directories", arguments: ["clean", "killed"])
  func verifies(state: String) throws {
    var problems: [ReportRow] = []
    var verifier = Verifier(disk: try Fixture.disk(state)) { row in
      if row.kind == .problem { problems.append(row) }
    }
    let summary = try verifier.run("/store")
    #expect(problems == [])
    #expect(summary.wasClosedCleanly == (state == "clean"))
    #expect(summary.partitionCount == 8)
  }

  @Test(
    "the directories are written anew",
    .enabled(
      if: ProcessInfo.processInfo.environment["MOLDAU_WRITE_FIXTURES"] != nil,
      "only when they are to change"))
  func writesFixtures() throws {
    try FixtureWriter.write()
  }

  /// Compares files but for `partition.metadata`, whose ids are random, and the lock.
  private func expectEqual(
    _ found: [String: [UInt8]], _ expected: [String: [UInt8]]
  ) throws {
    let isCompared = { (name: String) in !name.hasSuffix("partition.metadata") && name != ".lock" }
    let found = found.filter { isCompared($0.key) }
    let expected = expected.filter { isCompared($0.key) }
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
  }
}
