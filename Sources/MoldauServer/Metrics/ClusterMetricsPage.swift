import MoldauBroker

/// The families of `/metrics` that a broker of a cluster has: docs/observability.md.
enum ClusterMetricsPage {
  /// Writes nothing for a broker that stands alone.
  static func write(_ broker: Broker, to text: inout PrometheusText) {
    guard let replicas = broker.replicationSummary(), let isController = broker.isController else {
      return
    }
    text.single(
      "moldau_cluster_registered", .gauge,
      "1 while the cluster has this broker, and it does what that has given it to do.",
      broker.isReady ? 1 : 0)
    text.single(
      "moldau_cluster_controller", .gauge, "1: this broker is the controller.",
      isController ? 1 : 0)
    text.single(
      "moldau_replicas_led", .gauge, "Partitions that are led here.", replicas.ledCount)
    text.single(
      "moldau_replicas_under_replicated", .gauge,
      "Partitions that are led here of which a replica is not in sync.",
      replicas.underReplicatedCount)
    text.single(
      "moldau_replicas_under_min_in_sync", .gauge,
      "Partitions that are led here and refuse acks=all, since too few replicas are in sync.",
      replicas.underMinISRCount)
    text.single(
      "moldau_replicas_offline", .gauge,
      "Partitions with a replica here that nobody leads.", replicas.offlineCount)
    text.single(
      "moldau_replicas_lost", .gauge,
      "Replicas here that lacked acknowledged records, or may have, when the broker registered.",
      replicas.lostCount)
    text.single(
      "moldau_in_sync_replicas_shrinks_total", .counter,
      "Replicas that left the in-sync ones of partitions that were led here.",
      replicas.shrinkCount)
    text.single(
      "moldau_in_sync_replicas_expands_total", .counter,
      "Replicas that joined the in-sync ones of partitions that were led here.",
      replicas.expansionCount)
  }
}
