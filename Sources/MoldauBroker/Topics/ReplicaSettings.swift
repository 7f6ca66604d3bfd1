package import MoldauCluster

/// How a broker of a cluster replicates. The names in parentheses are Kafka's.
package struct ReplicaSettings: Sendable {
  /// A follower that has not been at the leader's end for this long leaves the in-sync replicas
  /// (`replica.lag.time.max.ms`).
  package var lagMilliseconds: Int64
  /// Which rules hold: all but in tests that see what is caught without one.
  package var rules: ReplicationRules

  package init(lagMilliseconds: Int64 = 30_000, rules: ReplicationRules = .all) {
    self.lagMilliseconds = lagMilliseconds
    self.rules = rules
  }
}
