package import MoldauServer

/// How a broker is one of a cluster, as its settings say.
package struct ServeClusterSettings: Sendable {
  /// `zk://…` or `embedded`; nil: the broker is by itself.
  package var coordination: String?
  package var replicationAddress: HostAndPort?
  package var advertisedReplicationAddress: HostAndPort?
  package var sessionTimeout: Duration = .seconds(6)
  package var replicaLag: Duration = .seconds(30)
  package var replicaFetchBytes = 8 << 20
  package var replicaFetchPartitionBytes = 4 << 20
  package var replicationFactor: Int32 = 1
  package var minInSyncReplicas: Int32 = 1
  /// nil: never.
  package var leaderRebalanceInterval: Duration? = .seconds(300)

  /// The word for a cluster of one broker.
  package static let embedded = "embedded"
}
