package import MoldauCluster
import MoldauLog
import Synchronization

/// What the partitions of a broker of a cluster share: who it is, what it knows of the cluster, and
/// the way to the controller.
///
/// Thread-safe.
package final class Replicas: Sendable {
  private struct State: Sendable {
    var image = ClusterImage()
    var channel: (any IsrChannel)?
  }

  package let nodeID: Int32
  package let settings: ReplicaSettings
  let scheduler: Scheduler
  private let state = Mutex(State())

  init(nodeID: Int32, _ settings: ReplicaSettings, scheduler: Scheduler) {
    self.nodeID = nodeID
    self.settings = settings
    self.scheduler = scheduler
  }

  /// What the broker knows of the cluster.
  package var image: ClusterImage { state.withLock { $0.image } }

  /// Takes over what the controller has published, before the partitions get their roles from it.
  package func note(_ image: ClusterImage) {
    state.withLock { $0.image = image }
  }

  /// Begins to look after the in-sync replicas of partitions that are led here.
  package func start(_ channel: any IsrChannel) {
    state.withLock { $0.channel = channel }
  }
}
