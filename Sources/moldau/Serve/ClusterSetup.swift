import Glibc
import Logging
import MoldauBroker
import MoldauCoordination
import MoldauLog
import MoldauServer
import MoldauSettings
import MoldauZooKeeper

/// What makes `moldau serve` one of a cluster.
struct ClusterSetup: Sendable {
  /// What coordinates it, with what is to be done when the broker has stopped.
  private enum Coordination: Sendable {
    case ensemble(ZooKeeperService)
    case embedded(EmbeddedTree)
  }

  /// The process's, when the broker hangs: EX_SOFTWARE of sysexits.h.
  private static let lostExitCode: Int32 = 70

  let cluster: ServerCluster
  private let coordination: Coordination

  /// nil when the broker is by itself. Blocks.
  ///
  /// - Parameter store: the open store of the broker: the directory is its alone.
  /// - Throws: `CommandFailure` when the ensemble's address is none, or the tree cannot be opened.
  static func make(
    _ settings: ServeSettings, _ store: LogStore, _ logger: Logger
  ) throws -> ClusterSetup? {
    guard let text = settings.cluster.coordination else { return nil }
    let queue = SerialQueue(name: "moldau-coord")
    if text == ServeClusterSettings.embedded {
      return try ClusterSetup(settings, .embedded(openTree(in: store, queue, logger)))
    }
    let address: ZooKeeperAddress
    do throws(ZooKeeperAddress.Problem) { address = try ZooKeeperAddress(text) } catch {
      throw CommandFailure("--cluster: \(error)")
    }
    return ClusterSetup(
      settings, .ensemble(ZooKeeperService(address: address, queue: queue, logger: logger)),
      ensemble: address.kafkaText)
  }

  private init(
    _ settings: ServeSettings, _ coordination: Coordination, ensemble: String? = nil
  ) {
    self.coordination = coordination
    var own = Self.clusterSettings(settings)
    own.ensemble = ensemble
    cluster = ServerCluster(own, whenLost: { _exit(Self.lostExitCode) }) {
      switch coordination {
      case .ensemble(let service): service
      case .embedded(let tree): tree
      }
    }
  }

  private static func openTree(
    in store: LogStore, _ queue: SerialQueue, _ logger: Logger
  ) throws -> EmbeddedTree {
    let folder = "\(store.path)/\(StoreLayout.coordination)"
    do throws(TreeOpenFailure) {
      return try EmbeddedTree.open(
        in: folder, queue: queue, scheduler: nil, StoreConfiguration(logger: logger))
    } catch {
      throw CommandFailure("the coordination tree cannot be opened: \(error)")
    }
  }

  /// Returns when the cluster has taken the broker in, or when `shouldStop` says so.
  func waitUntilTakenIn(_ server: BrokerServer, shouldStop: () -> Bool) async throws {
    while !server.broker.isReady, !shouldStop() {
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  /// Waits until the broker's session is over for the others, or leaves the tree's folder as a clean
  /// stop does. Call it when the broker has stopped.
  func close() throws {
    switch coordination {
    case .ensemble(let service): service.waitForEndings()
    case .embedded(let tree):
      do throws(LogError) { try tree.close() } catch {
        throw CommandFailure("the coordination tree could not be closed cleanly: \(error)")
      }
    }
  }

  private static func clusterSettings(_ settings: ServeSettings) -> ClusterSettings {
    let given = settings.cluster
    var result = ClusterSettings()
    result.sessionTimeoutMilliseconds = Int32(clamping: given.sessionTimeout.milliseconds)
    result.replicas.lagMilliseconds = given.replicaLag.milliseconds
    result.fetching.responseBytes = Int32(given.replicaFetchBytes)
    result.fetching.partitionBytes = Int32(given.replicaFetchPartitionBytes)
    result.controller.partitionCount = Int32(settings.server.broker.newTopics.partitionCount)
    result.controller.replicationFactor = given.replicationFactor
    result.controller.minInSyncReplicas = given.minInSyncReplicas
    result.controller.rebalancesLeaders = given.leaderRebalanceInterval != nil
    if let interval = given.leaderRebalanceInterval {
      result.controller.rebalanceIntervalMilliseconds = interval.milliseconds
    }
    return result
  }
}
