import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// A batch's offset has no checksum: one that leads back is damage and never a loop.
struct BackwardOffsetTests {
  /// A sealed segment, trusted after a clean stop, whose last batch says that it is the first.
  private func damagedStore() throws -> LogStore {
    let disk = SimulatedDisk(isCrashable: false)
    let store = try openStore(disk)
    let log = try store.createTopic("orders", TopicConfiguration()).partitions[0]
    var last = 0
    for index in 0..<4 {
      last = log.byteCount
      _ = try log.append(value: "value \(index)")
    }
    try log.rollNow()
    _ = try log.append(value: "value 4")
    let path = try #require(log.segments.first).logPath
    try store.closeBlocking()
    let file = try disk.open(path, .readWrite)
    let zero = [UInt8](repeating: 0, count: 8)
    try unsafe zero.withUnsafeBytes { try unsafe file.write($0, at: last) }
    return try openStore(disk)
  }

  @Test("a scan ends with an error")
  func scan() throws {
    let topic = try #require(try damagedStore().existingTopic("orders"))
    var offsets: [Int64] = []
    #expect(throws: LogError.self) {
      try topic.scan(from: .earliest) { offsets.append($0.offset.rawValue) }
    }
    #expect(offsets == [0, 1, 2])
  }

  @Test("a sequence of records ends with an error")
  func read() async throws {
    let topic = try #require(try damagedStore().existingTopic("orders"))
    var count = 0
    await #expect(throws: LogError.self) {
      for try await _ in topic.read(from: .earliest) { count += 1 }
    }
    #expect(count <= 4)
  }
}
