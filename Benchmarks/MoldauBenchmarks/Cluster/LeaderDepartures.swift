/// Rounds in which a broker that leads goes, others take over, and it comes back.
struct LeaderDepartures {
  /// How it goes.
  enum Way {
    /// SIGKILL.
    case killed
    /// SIGTERM.
    case stopped
  }

  let cluster: BenchmarkCluster
  let topic: ReplicatedTopic
  private var producer: PersistentProducer

  /// - Parameter replicas: the brokers of every partition; nil lets the controller choose.
  init(
    _ row: String, _ context: RowContext, partitionCount: Int = 1, replicas: [Int32]? = nil
  ) throws {
    cluster = try BenchmarkCluster(context, sessionTimeout: BenchmarkCluster.shortSession)
    topic = try ReplicatedTopic(
      creatingFor: row, on: cluster, partitionCount: partitionCount, replicas: replicas,
      configuration: [("min.insync.replicas", "2")])
    producer = PersistentProducer(topic)
  }

  /// Takes the leader away, and gives it back when others have taken over.
  ///
  /// - Parameter takeOver: waits until others have acknowledged what it sends them; returns how many
  ///   nanoseconds after the departure's beginning that was.
  mutating func run(
    _ way: Way, of leader: Int32,
    _ takeOver: (inout PersistentProducer, ContinuousClock.Instant) throws -> Double
  ) throws -> Sample {
    try producer.connect()
    let start = ContinuousClock.now
    var stopping: BrokerTarget?
    switch way {
    case .killed: try cluster.kill(leader)
    case .stopped: stopping = try cluster.beginStop(of: leader)
    }
    producer.forget(leader)
    let nanoseconds = try takeOver(&producer, start)
    try stopping?.wait()
    try cluster.start(leader)
    try topic.awaitReplicas()
    return Sample(
      operations: 1, records: 0, bytes: 0, nanoseconds: nanoseconds, cpuNanoseconds: 0,
      latencies: [nanoseconds])
  }
}
