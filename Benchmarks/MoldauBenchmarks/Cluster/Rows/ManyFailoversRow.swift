import MoldauClient

/// `failover-1000`: a broker dies that has a thousand partitions.
///
/// Sketch: as `failover`, with a thousand states to write, many in a multi (two that lead it and one
/// that it only held take the same write), and a thousand roles to change at each of the others.
struct ManyFailoversRow: BenchmarkRow {
  static let description = RowDescription(
    name: "failover-1000",
    question: "Kill a broker that holds a replica of 1,000 partitions and leads a third of them"
      + " (SIGKILL, sessions of 2 s). An operation is the time until a record is acknowledged by the"
      + " new leader of one of these; the figure beside it is until all of them have one.",
    durability: "groupCommit",
    goals: [Goal(.nanosecondsPerOperation, must: 2.5e9, reachingFor: 2.2e9)], warmUpRounds: 0,
    mostRounds: 3, leavesManyFiles: true)

  private static let partitionCount = 1000

  private let cluster: BenchmarkCluster
  private let topic: ReplicatedTopic
  private var producer: PersistentProducer
  private var allSeconds: [Double] = []
  private var ledCounts: [Double] = []

  init(_ context: RowContext) async throws {
    cluster = try BenchmarkCluster(context, sessionTimeout: BenchmarkCluster.shortSession)
    topic = try ReplicatedTopic(
      creatingFor: "failovers", on: cluster, partitionCount: Self.partitionCount,
      configuration: [("min.insync.replicas", "2")])
    producer = PersistentProducer(topic)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    try producer.connect()
    let killed = Int32(round % 3 + 1)
    let asked = try cluster.target(killed == 1 ? 2 : 1).connect()
    let led = try topic.partitions(from: asked).filter { $0.leaderID == killed }
    guard let first = led.first else { throw BaselineError("broker \(killed) leads nothing") }
    ledCounts.append(Double(led.count))
    let start = ContinuousClock.now
    try cluster.kill(killed)
    producer.forget(killed)
    try producer.produce(to: Int(first.index), except: killed)
    let elapsed = start.duration(to: .now)
    try BenchmarkCluster.wait(until: "all partitions have another leader") {
      let partitions = try topic.partitions(from: asked)
      return partitions.allSatisfy { $0.leaderID >= 0 && $0.leaderID != killed }
    }
    allSeconds.append(start.duration(to: .now).inNanoseconds / 1e9)
    try cluster.start(killed)
    try topic.awaitReplicas()
    try topic.electPreferred(0..<Self.partitionCount)
    return Sample(
      operations: 1, records: 0, bytes: 0, nanoseconds: elapsed.inNanoseconds, cpuNanoseconds: 0)
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures {
    try cluster.stop()
    return RowFigures(members: [
      .init("allLeadersSeconds", .optional(Statistics.median(allSeconds))),
      .init("partitionsLed", .optional(Statistics.median(ledCounts))),
    ])
  }
}
