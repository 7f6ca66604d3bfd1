import Logging
import MoldauBroker
import MoldauCoordination
import MoldauLog
import MoldauServer
import MoldauSettings
import MoldauZooKeeper

/// What makes `moldau serve` one of a cluster.
enum ClusterSetup {
  /// - Throws: `CommandFailure` when the ensemble's address is none.
  static func make(_ settings: ServeSettings, _ logger: Logger) throws -> ServerCluster? {
    guard let text = settings.cluster.coordination else { return nil }
    let address: ZooKeeperAddress
    do throws(ZooKeeperAddress.Problem) { address = try ZooKeeperAddress(text) } catch {
      throw CommandFailure("--cluster: \(error)")
    }
    let service = ZooKeeperService(
      address: address, queue: SerialQueue(name: "moldau-coord"), logger: logger)
    return ServerCluster(clusterSettings(settings)) { service }
  }

  private static func clusterSettings(_ settings: ServeSettings) -> ClusterSettings {
    let given = settings.cluster
    var result = ClusterSettings()
    result.sessionTimeoutMilliseconds = Int32(clamping: given.sessionTimeout.milliseconds)
    result.replicas.lagMilliseconds = given.replicaLag.milliseconds
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
