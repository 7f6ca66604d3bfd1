/// What a controller goes by, beside what is set in the cluster.
package struct ControllerSettings: Hashable, Sendable {
  /// `num.partitions`: of topics that are created without a number.
  package var partitionCount: Int32 = 1
  /// `default.replication.factor`: of topics that are created without one.
  package var replicationFactor: Int32 = 1
  /// `min.insync.replicas` of topics for which it is not set; the same on all brokers.
  package var minInSyncReplicas: Int32 = 1
  /// `auto.leader.rebalance.enable`: whether leaderships go back to the preferred leaders by
  /// themselves.
  package var rebalancesLeaders = true
  /// `leader.imbalance.check.interval.seconds`, in milliseconds.
  package var rebalanceIntervalMilliseconds: Int64 = 300_000
  /// How long requests wait for a coordination service that cannot be reached.
  package var patienceMilliseconds: Int64 = 5_000
  /// How long it waits before another try of what failed.
  package var retryMilliseconds: Int64 = 1_000

  package init() {}
}
