import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// What hostile timestamps, bounds and failing calls may not do to an appender.
struct ReviewAppendTests {
  @Test(
    "any two timestamps may follow each other",
    arguments: [(-5, .max), (.max, -5), (.min, .max), (0, .max)] as [(Int64, Int64)])
  func timestamps(first: Int64, second: Int64) throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    _ = try log.append(value: "a", timestampMilliseconds: first)
    _ = try log.append(value: "b", timestampMilliseconds: second)
    #expect(try log.values() == ["a", "b"])
    try store.closeBlocking()
  }

  @Test("a read without a bound takes all up to its limit")
  func unboundedRead() throws {
    let store = try openStore(SimulatedDisk(isCrashable: false))
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    for index in 0..<3 { _ = try log.append(value: "value \(index)") }
    let first = try log.read(from: .zero, limit: Offset(rawValue: 1), maxBytes: .max)
    let all = try log.read(from: .zero, limit: log.endOffset, maxBytes: .max)
    #expect(try #require(first).count * 3 == #require(all).count)
    try store.closeBlocking()
  }

  @Test("a roll that fails at any call loses nothing", arguments: ["open", "ftruncate"])
  func failedRoll(call: String) throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration(segmentBytes: 4096)).partitions[0]
    var expected: [String] = []
    disk.onCall = { $0.name == call && $0.isChange ? .fail(errno: 5) : nil }
    for index in 0..<200 {
      do { _ = try log.append(value: "value \(index)") } catch is LogError { break }
      expected.append("value \(index)")
    }
    #expect(expected.count < 200)
    disk.onCall = nil
    // One that fits where the other did not, so that the log goes on in the old segment.
    _ = try log.append(value: "")
    expected.append("")
    #expect(try log.values() == expected)
    try store.closeBlocking()
    let again = try openStore(disk)
    let reopened = try #require(again.existingTopic("orders")).partitions[0]
    #expect(reopened.endOffset == Offset(rawValue: Int64(expected.count)))
    #expect(try reopened.values() == expected)
    try again.closeBlocking()
  }

  @Test("a sealed segment has no bytes behind its last batch though no window could be mapped")
  func noTail() throws {
    let disk = SimulatedDisk()
    let store = try openStore(disk)
    let log = try store.createTopic(
      "orders", TopicConfiguration(retention: [], segmentBytes: 4096)
    ).partitions[0]
    disk.onCall = { $0.name == "mmap" ? .fail(errno: 12) : nil }
    var expected: [String] = []
    while log.segmentCount < 3 {
      expected.append("value \(expected.count)")
      _ = try log.append(value: expected[expected.count - 1])
    }
    disk.onCall = nil
    store.runMaintenance()
    for segment in log.segments.dropLast() {
      #expect(try disk.size(of: segment.logPath) == segment.byteCount)
    }
    try store.closeBlocking()
    let again = try openStore(disk)
    #expect(try #require(again.existingTopic("orders")).partitions[0].values() == expected)
    try again.closeBlocking()
  }
}
