import MoldauCluster
import MoldauDisk
import MoldauFormat
import MoldauLog
import Testing

@testable import MoldauBroker

@Suite("What a directory says of its past")
struct DirectoryHistoryTests {
  private let orders = TopicPartition(topic: "orders", partition: 0)

  private func put(_ file: MemberFile, in store: LogStore) throws {
    try store.disk.replaceFile(
      at: "\(store.path)/\(MemberFile.name)", with: file.data, isDurable: false)
  }

  private func read(_ store: LogStore) throws -> DirectoryHistory {
    var generator = SystemRandomNumberGenerator()
    let identity = try BrokerIdentity.load(
      from: store, nodeID: 1, isAlone: false, using: &generator)
    return try DirectoryHistory.read(from: store, identity, bootID: nil)
  }

  @Test("what an opening has found missing is known until a registration has said it")
  func lossesStay() async throws {
    let store = try await LogStore.inMemory()
    try put(MemberFile(incarnation: "b", previous: "a", lost: [orders]), in: store)
    let history = try read(store)
    #expect(history.lost == [orders])
    #expect(history.incarnations == ["a", "b"])
  }

  @Test("after a failed sync nothing can be said, also by the opening after the next")
  func damageStays() async throws {
    let disk = SimulatedDisk(isCrashable: false)
    var configuration = StoreConfiguration()
    configuration.isReplicated = true
    let first = try LogStore.open(
      at: "/store", configuration, disk: disk, clock: SystemWallClock())
    try put(MemberFile(incarnation: "b", previous: "a"), in: first)
    try await first.close()
    _ = try disk.open("/store/\(StoreLayout.failedSyncMarker)", .create)
    for _ in 0..<2 {
      let store = try LogStore.open(
        at: "/store", configuration, disk: disk, clock: SystemWallClock())
      let history = try read(store)
      #expect(history.isDamaged)
      #expect(history.incarnations == ["a", "b"])
      try await store.close()
    }
  }
}
