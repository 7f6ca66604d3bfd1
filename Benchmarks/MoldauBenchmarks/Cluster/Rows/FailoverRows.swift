import MoldauClient

/// `failover`: a leader dies.
///
/// Sketch: the session ends 2 s after the last heartbeat, which is up to a third of that old; one
/// write of the new leader's state, one image to each broker.
struct FailoverRow: BenchmarkRow {
  static let description = RowDescription(
    name: "failover",
    question: "Kill the leader of a partition of three replicas (SIGKILL, sessions of 2 s). An"
      + " operation is the time until a client's record is acknowledged by the new leader, acks=all.",
    durability: "groupCommit",
    goals: [Goal(.nanosecondsPerOperation, must: 2.5e9, reachingFor: 2.1e9)], mostRounds: 5)

  private var rounds: FailoverRounds

  init(_ context: RowContext) async throws {
    rounds = try FailoverRounds(context)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    try rounds.run { (cluster, leader) in try cluster.kill(leader) }
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures { try rounds.finish() }
}

/// `stop`: a leader is stopped.
///
/// Sketch: the broker asks the controller to move what it leads, which is one write and one image; it
/// takes requests until then.
struct StopRow: BenchmarkRow {
  static let description = RowDescription(
    name: "stop",
    question: "Stop the leader of a partition of three replicas (SIGTERM). An operation is the time"
      + " until a client's record is acknowledged by the new leader, acks=all.",
    durability: "groupCommit",
    goals: [Goal(.nanosecondsPerOperation, must: 300e6, reachingFor: 100e6)], mostRounds: 5)

  private var rounds: FailoverRounds

  init(_ context: RowContext) async throws {
    rounds = try FailoverRounds(context)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    var stopping: BrokerTarget?
    let sample = try rounds.run { (cluster, leader) in
      stopping = try cluster.beginStop(of: leader)
    } isGone: {
      try stopping?.wait()
    }
    return sample
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures { try rounds.finish() }
}

/// Rounds in which the leader of a partition goes and comes back.
private struct FailoverRounds {
  private let cluster: BenchmarkCluster
  private let topic: ReplicatedTopic
  private var producer: PersistentProducer

  init(_ context: RowContext) throws {
    cluster = try BenchmarkCluster(context, sessionTimeout: BenchmarkCluster.shortSession)
    topic = try ReplicatedTopic(
      creatingFor: "failover", on: cluster, configuration: [("min.insync.replicas", "2")])
    producer = PersistentProducer(topic)
  }

  /// Times from when `remove` takes the leader away to the first record that another has acknowledged;
  /// `isGone` waits for its end.
  mutating func run(
    _ remove: (BenchmarkCluster, Int32) throws -> Void, isGone: () throws -> Void = {}
  ) throws -> Sample {
    try producer.connect()
    let leader = try topic.leader(of: 0)
    let start = ContinuousClock.now
    try remove(cluster, leader)
    producer.forget(leader)
    try producer.produce(to: 0, except: leader)
    let elapsed = start.duration(to: .now)
    try isGone()
    try cluster.start(leader)
    try topic.awaitReplicas()
    return Sample(
      operations: 1, records: 0, bytes: 0, nanoseconds: elapsed.inNanoseconds, cpuNanoseconds: 0,
      latencies: [elapsed.inNanoseconds])
  }

  func finish() throws -> RowFigures {
    try cluster.stop()
    return RowFigures()
  }
}
