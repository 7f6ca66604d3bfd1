package import MoldauBroker
package import MoldauCoordination

/// What makes a server one of a cluster (docs/cluster.md).
package struct ServerCluster: Sendable {
  /// Makes the server's way to the coordination service.
  package var coordination: @Sendable () -> any CoordinationService
  package var settings: ClusterSettings

  package init(
    _ settings: ClusterSettings = ClusterSettings(),
    coordination: @escaping @Sendable () -> any CoordinationService
  ) {
    self.settings = settings
    self.coordination = coordination
  }
}
