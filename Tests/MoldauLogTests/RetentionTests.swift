import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// When records go that are older than their topic keeps them.
struct RetentionTests {
  private static let configuration = TopicConfiguration(
    retention: [.age(.seconds(10))], segmentBytes: 1024, deleteDelay: .zero)

  @Test(
    "a segment goes with the first look after its newest record has expired, the active one too")
  func accuracy() throws {
    let clock = SetClock(1_000_000)
    let store = try openStore(SimulatedDisk(isCrashable: false), clock: clock)
    let log = try store.createTopic("orders", Self.configuration).partitions[0]
    for index in 0..<40 {
      clock.set(1_000_000 + Int64(index))
      _ = try log.append(value: "value \(index)", timestampMilliseconds: clock.nowMilliseconds())
    }
    let sealed = try #require(try log.segments[0].latestTime()).timestampMilliseconds
    clock.set(sealed + 10_000)
    store.runMaintenance()
    #expect(log.startOffset == .zero)
    clock.set(sealed + 10_001)
    store.runMaintenance()
    #expect(log.startOffset.rawValue == sealed - 1_000_000 + 1)
    clock.set(1_000_039 + 10_000)
    store.runMaintenance()
    #expect(try log.values().last == "value 39")
    clock.set(1_000_039 + 10_001)
    store.runMaintenance()
    #expect(log.startOffset == Offset(rawValue: 40))
    #expect(try log.values().isEmpty)
    #expect(try log.append(value: "next").baseOffset == Offset(rawValue: 40))
    try store.closeBlocking()
  }

  @Test("records without a time go by when their file was last changed")
  func fileTime() throws {
    let clock = SetClock(1_000_000)
    let disk = SimulatedDisk(isCrashable: false, now: { clock.nowMilliseconds() })
    let store = try openStore(disk, clock: clock)
    let log = try store.createTopic("orders", Self.configuration).partitions[0]
    for index in 0..<40 { _ = try log.append(value: "\(index)", timestampMilliseconds: -1) }
    let size = log.segmentCount
    #expect(size > 1)
    store.runMaintenance()
    store.runMaintenance()
    clock.set(1_010_000)
    store.runMaintenance()
    #expect(log.segmentCount == size)
    clock.set(1_010_001)
    store.runMaintenance()
    #expect(log.startOffset == Offset(rawValue: 40))
    try store.closeBlocking()
  }
}
