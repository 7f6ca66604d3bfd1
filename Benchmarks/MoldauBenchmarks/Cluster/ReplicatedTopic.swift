import MoldauClient
import MoldauFormat
import MoldauProtocol

/// A topic of the measured cluster, and what has become of its partitions.
struct ReplicatedTopic {
  let name: String
  let cluster: BenchmarkCluster

  /// Makes a topic that no one has used; returns when each partition has a leader and all its replicas
  /// are in sync.
  init(
    creatingFor row: String, on cluster: BenchmarkCluster, partitionCount: Int = 1,
    replicationFactor: Int = 3, configuration: [(name: String, value: String)] = []
  ) throws {
    name = "bench-\(row)-\(UInt32.random(in: 0 ... .max))"
    self.cluster = cluster
    var plan = KafkaConnection.TopicPlan(name: name)
    plan.partitionCount = Int32(partitionCount)
    plan.replicationFactor = Int16(replicationFactor)
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

/// A client that looks for a partition's leader until a record is acknowledged there, as clients do.
struct PersistentProducer {
  let topic: ReplicatedTopic
  private let batch: PrebuiltBatches
  private let options: KafkaConnection.Options
  /// By node; opened when they are needed.
  private var connections: [Int32: KafkaConnection] = [:]

  init(_ topic: ReplicatedTopic) {
    self.topic = topic
    batch = PrebuiltBatches(
      count: 1, recordsPerBatch: 1, seed: 31, timestamp: BenchmarkTopic.nowMilliseconds)
    var options = KafkaConnection.Options()
    options.connectTimeoutMilliseconds = 1000
    options.timeoutMilliseconds = 2000
    self.options = options
  }

  /// Connects to the brokers that are up, so that it costs nothing later.
  mutating func connect() throws {
    for number in topic.cluster.live where connections[number]?.isUsable != true {
      connections[number] = try KafkaConnection(
        to: try topic.cluster.target(number).endpoint, options)
      _ = try connections[number]?.metadata(topics: [topic.name])
    }
  }

  /// Forgets the connection to a broker that is no more.
  mutating func forget(_ number: Int32) {
    connections[number] = nil
  }

  /// Produces a record, acks=all, to whichever broker leads the partition but for one; returns when it
  /// is acknowledged.
  mutating func produce(to number: Int, except gone: Int32) throws {
    try BenchmarkCluster.wait(until: "a record to \(topic.name)-\(number) is acknowledged") {
      try tryToProduce(to: number, except: gone)
    }
  }

  private mutating func tryToProduce(to number: Int, except gone: Int32) throws -> Bool {
    try connect()
    for asked in topic.cluster.live {
      guard let connection = connections[asked] else { continue }
      do {
        let found = try topic.partitions(from: connection).first { $0.index == Int32(number) }
        guard let leader = found?.leaderID, leader >= 0, leader != gone,
          let leading = connections[leader]
        else { continue }
        // SAFETY: all bytes of the array are initialised.
        let bytes = unsafe batch.bytes.span.bytes
        _ = try leading.produce(bytes, to: topic.partition(number))
        return true
      } catch is ClientError {
        // Not there yet: another broker may know more.
        continue
      }
    }
    return false
  }
}
