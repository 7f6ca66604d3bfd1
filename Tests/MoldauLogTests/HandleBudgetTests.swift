import MoldauDisk
import MoldauFormat
import Testing

@testable import MoldauLog

/// Files that were written are not closed for others' sake before they are synced.
struct HandleBudgetTests {
  private func makeStore(_ disk: SimulatedDisk, partitions: Int) throws -> (LogStore, Topic) {
    var configuration = StoreConfiguration(maxOpenFiles: 16, recoveryThreadCount: 1)
    configuration.runsMaintenance = false
    let store = try LogStore.open(
      at: "/store", configuration, disk: disk, clock: SystemWallClock())
    return (
      store, try store.createTopic("orders", TopicConfiguration(partitionCount: partitions))
    )
  }

  /// Counts the syncs of segments' logs.
  private func countSyncs(of disk: SimulatedDisk, failing: Bool = false) -> Shared<Int> {
    let count = Shared(0)
    disk.onCall = { call in
      guard call.name == "fdatasync", call.path.hasSuffix(".log") else { return nil }
      count.value.withLock { $0 += 1 }
      return failing ? .fail(errno: 5) : nil
    }
    return count
  }

  @Test("files with unsynced bytes are synced by the maintenance thread and closed then")
  func syncedLater() throws {
    let disk = SimulatedDisk()
    let (store, topic) = try makeStore(disk, partitions: 20)
    let syncs = countSyncs(of: disk)
    for partition in 0..<20 { _ = try topic.partitions[partition].append(value: "value") }
    #expect(syncs.value.withLock { $0 } == 0)
    #expect(store.services.budget.count == 20)
    store.services.maintenance.runJobs()
    #expect(syncs.value.withLock { $0 } > 0)
    #expect(store.services.budget.count < 20)
    try store.closeBlocking()
  }

  @Test("when too many wait for that, who opens one more syncs some of them")
  func syncedAtOnce() throws {
    let disk = SimulatedDisk()
    let (store, topic) = try makeStore(disk, partitions: 100)
    let syncs = countSyncs(of: disk)
    for partition in 0..<100 {
      _ = try topic.partitions[partition].append(value: "value")
      #expect(store.services.budget.count <= 25)
    }
    #expect(syncs.value.withLock { $0 } >= 75)
    for partition in 0..<100 {
      #expect(try topic.scannedValues(partition: partition) == ["value"])
    }
    try store.closeBlocking()
  }

  @Test("a sync before a close that fails is one that poisons the store")
  func failedSync() throws {
    let disk = SimulatedDisk()
    let (store, topic) = try makeStore(disk, partitions: 20)
    _ = countSyncs(of: disk, failing: true)
    for partition in 0..<20 { _ = try topic.partitions[partition].append(value: "value") }
    store.services.maintenance.runJobs()
    #expect(store.services.isPoisoned)
    disk.onCall = nil
    #expect(throws: LogError.self) { try topic.partitions[0].append(value: "value") }
  }
}
