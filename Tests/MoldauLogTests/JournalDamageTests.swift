import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// A commit journal of which a part cannot be read.
struct JournalDamageTests {
  @Test("a damaged commit is reported, and hides none of those behind it", arguments: [0, 1, 2])
  func damagedFrame(damaged: Int) throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration(retention: []))
    for value in ["a", "b", "c"] { try topic.appendBlocking(Record(value: value)) }
    let path = "/store/\(CommitJournal.fileNames[0])"
    let journal = try disk.contents(of: path)
    var position = 0
    for _ in 0..<damaged {
      position += try unsafe CommitJournalFrame(parsing: journal.span.bytes, at: position).byteCount
    }
    // In the batch behind the headers of the frame and the entry.
    position += CommitJournalFrame.headerByteCount + CommitJournalFrame.entryHeaderByteCount + 50
    let file = try disk.open(path, .readWrite)
    let flipped = [journal[position] ^ 1]
    try unsafe flipped.span.bytes.withUnsafeBytes { try unsafe file.write($0, at: position) }
    try file.sync()

    let again = try openStore(disk.crash(.loseAllUnsynced))
    let recovered = try #require(again.existingTopic("orders"))
    // Before the first and behind the last of a file, damage cannot be told from what was not written.
    let expected = [[], ["a", "c"], ["a", "b"]][damaged]
    #expect(try recovered.scannedValues() == expected)
    #expect((again.recovery.damagedJournalByteCount > 0) == (damaged == 1))
    #expect(
      again.recovery.damages.map(\.offsets)
        == (damaged == 1 ? [Offset(rawValue: 1)..<Offset(rawValue: 2)] : []))
    try again.closeBlocking()
  }

  @Test(
    "a batch whose offset lay in a lost sector is not taken for an earlier one",
    arguments: 1...16, [2, 3])
  func lostOffset(bytesInLostSector: Int, count: Int) throws {
    try loseOffset(bytesInLostSector, count, .delete)
    try loseOffset(bytesInLostSector, count, .compact)
  }

  private func loseOffset(
    _ bytesInLostSector: Int, _ count: Int, _ policy: TopicConfiguration.CleanupPolicy
  ) throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let topic = try store.createTopic(
      "orders", TopicConfiguration(cleanupPolicy: policy, retention: []))
    // The second batch begins so many bytes before the end of the first sector.
    let long = String(repeating: "x", count: 441 - bytesInLostSector)
    let values = [long, "b", "c"].prefix(count)
    for (key, value) in values.enumerated() {
      try topic.appendBlocking(Record(key: "\(key)", value: value))
    }
    let file = try disk.open(topic.partitions[0].segments[0].logPath, .readWrite)
    let zeros = [UInt8](repeating: 0, count: 512)
    try unsafe zeros.span.bytes.withUnsafeBytes { try unsafe file.write($0, at: 0) }

    let again = try openStore(disk.crash(.keepAll))
    let recovered = try #require(again.existingTopic("orders"))
    #expect(try recovered.scannedValues() == Array(values))
    #expect(again.recovery.damages.isEmpty)
    try again.closeBlocking()
  }

  @Test("after a failed sync what the journal brings can be written over itself, and appended to")
  func failedSync() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let topic = try store.createTopic("orders", TopicConfiguration(retention: []))
    for index in 0..<5 { try topic.appendBlocking(Record(value: "v\(index)")) }
    let left = disk.crash(.loseAllUnsynced)
    withExtendedLifetime(store) {}
    _ = try left.open("/store/\(StoreLayout.failedSyncMarker)", .create)
    let again = try openStore(left)
    let recovered = try #require(again.existingTopic("orders"))
    for index in 5..<10 { try recovered.appendBlocking(Record(value: "v\(index)")) }
    #expect(try recovered.scannedValues() == (0..<10).map { "v\($0)" })
    try again.closeBlocking()
  }
}
