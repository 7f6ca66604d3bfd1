import MoldauClient
import MoldauFormat
import MoldauProtocol

/// A topic of the measured cluster, and what has become of its partitions.
struct ReplicatedTopic {
  let name: String
  let cluster: BenchmarkCluster

  /// Makes a topic that no one has used; returns when each partition has a leader and all its replicas
  /// are in sync.
  ///
  /// - Parameter replicas: the brokers of every partition, the preferred leader first; nil lets the
  ///   controller spread `replicationFactor` of them.
  init(
    creatingFor row: String, on cluster: BenchmarkCluster, partitionCount: Int = 1,
    replicationFactor: Int = 3, replicas: [Int32]? = nil,
    configuration: [(name: String, value: String)] = []
  ) throws {
    name = "bench-\(row)-\(UInt32.random(in: 0 ... .max))"
    self.cluster = cluster
    var plan = KafkaConnection.TopicPlan(name: name)
    if let replicas {
      plan.assignments = Array(repeating: replicas, count: partitionCount)
    } else {
      plan.partitionCount = Int32(partitionCount)
      plan.replicationFactor = Int16(replicationFactor)
    }
    plan.configuration = configuration
    _ = try cluster.target(cluster.live[0]).connect().create(topic: plan)
    try awaitReplicas()
  }

  func partition(_ number: Int) -> TopicPartition {
    TopicPartition(topic: name, partition: Int32(number))
  }

  /// The partitions as one of the brokers knows them.
  func partitions(from connection: KafkaConnection) throws -> [MetadataResponse.Partition] {
    let topic = try connection.metadata(topics: [name]).topics.first
    return (topic?.partitions ?? []).sorted { $0.index < $1.index }
  }

  /// Waits until every replica of every partition is in sync, as each broker knows it.
  func awaitReplicas() throws {
    for number in cluster.live {
      let connection = try cluster.target(number).connect()
      try BenchmarkCluster.wait(until: "\(name)'s replicas are in sync at broker \(number)") {
        let partitions = try partitions(from: connection)
        let areWhole = partitions.allSatisfy { partition in
          partition.leaderID >= 0
            && partition.inSyncReplicaNodes.count == partition.replicaNodes.count
        }
        return areWhole && !partitions.isEmpty
      }
      // A broker knows that it leads a moment before it does.
      try BenchmarkCluster.wait(until: "broker \(number) leads what it is to lead") {
        for led in try partitions(from: connection) where led.leaderID == number {
          _ = try connection.offset(
            of: partition(Int(led.index)), at: ListOffsetsRequest.Position.latest)
        }
        return true
      }
    }
  }

  /// The broker that leads a partition.
  func leader(of number: Int) throws -> Int32 {
    let connection = try cluster.target(cluster.live[0]).connect()
    let found = try partitions(from: connection).first { $0.index == Int32(number) }
    guard let found, found.leaderID >= 0 else { throw BaselineError("\(name) has no leader") }
    return found.leaderID
  }

  /// Has a partition led by the first of its replicas again.
  func electPreferred(_ numbers: some Sequence<Int>) throws {
    let connection = try cluster.target(cluster.live[0]).connect()
    _ = try connection.electLeaders(of: numbers.map { partition($0) }, isUnclean: false)
  }
}
