import MoldauBroker
import MoldauCluster
import MoldauCoordination
import MoldauDisk
import MoldauLog
import MoldauServer
import Synchronization

/// One broker of a test's cluster, which can be stopped and started again with the data it had.
final class TestNode: Sendable {
  /// How brokers are started.
  struct Plan: Sendable {
    var storage: TestBroker.Storage
    var durability: Durability
    var configure: @Sendable (inout ServerConfiguration) -> Void
    var change: @Sendable (inout ClusterSettings) -> Void
  }

  private struct Running: Sendable {
    let store: LogStore
    let server: BrokerServer
  }

  let id: Int32
  private let tree: EmbeddedTree
  private let plan: Plan
  private let folder: TemporaryFolder?
  private let disk: any Disk
  private let path: String
  private let running = Mutex<Running?>(nil)

  init(id: Int32, _ tree: EmbeddedTree, _ plan: Plan) throws {
    self.id = id
    self.tree = tree
    self.plan = plan
    folder = plan.storage == .folder ? try TemporaryFolder() : nil
    disk = folder == nil ? SimulatedDisk(isCrashable: false) : SystemDisk()
    path = folder.map { "\($0.path)/data" } ?? "/store"
  }

  var server: BrokerServer? { running.withLock { $0?.server } }

  func start() async throws {
    guard server == nil else { return }
    let loopback = ServerConfiguration.Listener(address: HostAndPort(host: "127.0.0.1", port: 0))
    var configuration = ServerConfiguration(
      listeners: [loopback], replication: loopback, eventLoopCount: 1)
    configuration.broker.nodeID = id
    configuration.broker.newTopics.retention = []
    configuration.broker.groups.initialRebalanceDelay = .zero
    plan.configure(&configuration)
    var settings = ClusterSettings()
    plan.change(&settings)
    configuration.cluster = ServerCluster(settings) { [tree] in tree.client() }
    var store = StoreConfiguration(durability: plan.durability, logger: configuration.logger)
    store.isReplicated = true
    let opened = try await open(store)
    do {
      let server = try await BrokerServer.start(store: opened, configuration)
      running.withLock { $0 = Running(store: opened, server: server) }
    } catch {
      try await opened.close()
      throw error
    }
  }

  private func open(_ configuration: StoreConfiguration) async throws -> LogStore {
    try await EngineThread.run { [path, disk] () throws(LogError) in
      try LogStore.open(at: path, configuration, disk: disk, clock: SystemWallClock())
    }
  }

  private func take() -> Running? {
    running.withLock { running in
      defer { running = nil }
      return running
    }
  }

  func stop() async throws {
    guard let was = take() else { return }
    await was.server.stop()
    try await was.store.close()
  }

  /// Leaves the data as a killed process does: all that was written is there, and no marker says that
  /// it was stopped in order.
  func kill() async throws {
    guard let was = take() else { return }
    await was.server.abandon()
    try await close(was.store)
    let marker = "\(path)/\(StoreLayout.cleanShutdownMarker)"
    if try disk.kind(of: marker) != nil { try disk.remove(marker) }
  }

  /// Stops it without a word to the others, and removes its data.
  func end() async throws {
    if let was = take() {
      await was.server.abandon()
      try await close(was.store)
    }
    try folder?.remove()
  }

  private func close(_ store: LogStore) async throws {
    do throws(LogError) { try await store.close() } catch {
      // The test has seen to it that a sync has failed.
      guard case .poisoned = error else { throw error }
    }
  }
}
