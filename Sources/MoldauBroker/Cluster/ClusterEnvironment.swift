package import MoldauCoordination

/// What makes a broker one of a cluster: how it reaches the others, and how it behaves among them.
package struct ClusterEnvironment: Sendable {
  package var coordination: any CoordinationService
  package var network: any PeerNetwork
  /// Which run of the machine it is: what the system holds in memory outlives a process, and not a
  /// restart of the machine. nil when that cannot be told.
  package var bootID: String?
  package var settings: ClusterSettings

  package init(
    coordination: any CoordinationService, network: any PeerNetwork, bootID: String?,
    _ settings: ClusterSettings = ClusterSettings()
  ) {
    self.coordination = coordination
    self.network = network
    self.bootID = bootID
    self.settings = settings
  }
}
