extension Setting {
  static let cluster: [Setting] = [
    Setting(
      "cluster", .coordination, default: nil,
      kafka: ["zookeeper.connect", "controller.quorum.voters", "zookeeper"],
      "Where the cluster is coordinated: zk://HOST:PORT,…/PATH, or embedded for a cluster of this"
        + " broker alone; left out, the broker is by itself."
    ) { if case .text(let text) = $1 { $0.cluster.coordination = text } },
    Setting(
      "replication", .address, default: nil, kafka: ["inter.broker.listener.name"],
      "Where to listen for the other brokers of the cluster, on a network that only they reach."
    ) { if case .address(let address) = $1 { $0.cluster.replicationAddress = address } },
    Setting(
      "advertise-replication", .address, default: nil,
      kafka: ["control.plane.listener.name"],
      "What the other brokers are told to connect to; left out, it is the address that is listened"
        + " at."
    ) { if case .address(let address) = $1 { $0.cluster.advertisedReplicationAddress = address } },
    Setting(
      "session-timeout", .duration(.milliseconds(400)...(.seconds(3_600)), off: nil),
      default: "6s", kafka: ["zookeeper.session.timeout.ms", "broker.session.timeout.ms"],
      "How long the cluster waits for a broker of which it hears nothing before others lead what it"
        + " led."
    ) { if case .duration(let timeout?) = $1 { $0.cluster.sessionTimeout = timeout } },
    Setting(
      "replica-lag", .duration(.milliseconds(100)...(.seconds(86_400)), off: nil),
      default: "30s", kafka: ["replica.lag.time.max.ms"],
      "A replica that has not had all of its leader's records for this long is no longer in sync."
    ) { if case .duration(let lag?) = $1 { $0.cluster.replicaLag = lag } },
    Setting(
      "replica-fetch", .size((64 << 10)...(256 << 20)), default: "8MiB",
      kafka: ["replica.fetch.response.max.bytes"],
      "What a follower takes from a leader at once, and keeps in memory of each; one batch may be"
        + " larger."
    ) { if case .size(let size) = $1 { $0.cluster.replicaFetchBytes = size } },
    Setting(
      "replica-fetch-partition", .size((64 << 10)...(256 << 20)), default: "4MiB",
      kafka: ["replica.fetch.max.bytes"],
      "How much of that may be of one partition; one batch may be larger."
    ) { if case .size(let size) = $1 { $0.cluster.replicaFetchPartitionBytes = size } },
    Setting(
      "replicas", .integer(1...1_000), default: "1", kafka: ["default.replication.factor"],
      "The replicas of a topic that is made without saying how many; the same on all brokers."
    ) { if case .integer(let count) = $1 { $0.cluster.replicationFactor = Int32(count) } },
    Setting(
      "min-in-sync", .integer(1...1_000), default: "1", kafka: ["min.insync.replicas"],
      "How many replicas must be in sync for acks=all where a topic does not say; the same on all"
        + " brokers."
    ) { if case .integer(let count) = $1 { $0.cluster.minInSyncReplicas = Int32(count) } },
    Setting(
      "leader-rebalance", .duration(.seconds(1)...(.seconds(86_400)), off: "off"), default: "5m",
      kafka: ["auto.leader.rebalance.enable", "leader.imbalance.check.interval.seconds"],
      "How often leaderships go back to the first in-sync replica of each partition by themselves."
    ) { if case .duration(let interval) = $1 { $0.cluster.leaderRebalanceInterval = interval } },
  ]
}
