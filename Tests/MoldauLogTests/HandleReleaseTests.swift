import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// A store that is gone leaves no open file behind.
struct HandleReleaseTests {
  @Test("the last reference to a closed store takes its segments and their files with it")
  func segmentsGo() throws {
    weak var segment: Segment?
    weak var store: LogStore?
    do {
      let open = try openStore(SimulatedDisk(isCrashable: false))
      let log = try open.createTopic("orders", TopicConfiguration()).partitions[0]
      _ = try log.append(value: "value")
      segment = log.segments.last
      store = open
      #expect(segment != nil)
      try open.closeBlocking()
    }
    #expect(store == nil)
    #expect(segment == nil)
  }
}
