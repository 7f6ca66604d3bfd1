package import MoldauBroker
package import MoldauCoordination

/// What makes a server one of a cluster (docs/cluster.md).
package struct ServerCluster: Sendable {
  /// Makes the server's way to the coordination service.
  package var coordination: @Sendable () -> any CoordinationService
  package var settings: ClusterSettings
  /// Called once, on a thread of its own, when the broker hangs and is not to be expected to go on:
  /// the process should end. After ten lengths of a session and at least 30 s in which another thread
  /// has run and the broker's part in the cluster has not.
  package var whenLost: @Sendable () -> Void

  package init(
    _ settings: ClusterSettings = ClusterSettings(), whenLost: @escaping @Sendable () -> Void = {},
    coordination: @escaping @Sendable () -> any CoordinationService
  ) {
    self.settings = settings
    self.whenLost = whenLost
    self.coordination = coordination
  }
}
