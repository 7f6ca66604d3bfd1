import MoldauDisk
import MoldauFormat
import Synchronization
import Testing

@testable import MoldauLog

/// Stores without threads of their own.
struct ManualThreadsTests {
  private func open(_ disk: SimulatedDisk) throws -> LogStore {
    var configuration = StoreConfiguration(maxPendingBytes: 4096)
    configuration.threads = .manual
    return try LogStore.open(at: "/store", configuration, disk: disk, clock: SystemWallClock())
  }

  @Test("nothing is committed before the caller says so, and one commit is for all")
  func commits() throws {
    let store = try open(SimulatedDisk())
    let topic = try store.createTopic("orders", TopicConfiguration(partitionCount: 2))
    let told = Shared(0)
    for log in topic.partitions {
      let next = try log.append(value: "a").lastOffset.advanced(by: 1)
      log.whenDurable(below: next) { _ in told.value.withLock { $0 += 1 } }
    }
    #expect(store.isCommitAwaited)
    #expect(told.value.withLock { $0 } == 0)
    #expect(topic.partitions.map(\.durableOffset) == [.zero, .zero])
    #expect(store.runCommits())
    #expect(told.value.withLock { $0 } == 2)
    #expect(!store.isCommitAwaited)
    #expect(!store.runCommits())
    try store.closeBlocking()
  }

  @Test("who waits on the calling thread makes the commit: appends, cuts, a close")
  func blocking() throws {
    let disk = SimulatedDisk()
    let store = try open(disk)
    let topic = try store.createTopic("orders", TopicConfiguration())
    for index in 0..<100 { try topic.appendBlocking(Record(value: "value \(index)")) }
    let log = topic.partitions[0]
    _ = try log.append(value: "not waited for")
    try log.truncate(to: Offset(rawValue: 50))
    #expect(log.endOffset == Offset(rawValue: 50))
    store.runMaintenance()
    try store.closeBlocking()
    let again = try open(disk)
    #expect(again.recovery.wasClean)
    #expect(again.existingTopic("orders")?.partitions[0].endOffset == Offset(rawValue: 50))
    try again.closeBlocking()
  }

  @Test("ids follow from the seed")
  func ids() throws {
    let ids = try (0..<2).map { _ in
      var configuration = StoreConfiguration()
      configuration.threads = .manual
      configuration.random = RandomSource(SeededGenerator(seed: 7))
      let store = try LogStore.open(
        at: "/store", configuration, disk: SimulatedDisk(), clock: SystemWallClock())
      defer { withExtendedLifetime(store) {} }
      return try store.createTopic("orders", TopicConfiguration()).id
    }
    #expect(ids[0] == ids[1])
  }
}
