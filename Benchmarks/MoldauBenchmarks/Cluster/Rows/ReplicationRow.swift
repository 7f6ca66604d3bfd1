import MoldauClient
import MoldauFormat

/// `replication-3`: what three replicas leave of a single broker's throughput.
///
/// Sketch: each record is received once, sent twice and written three times, on the same processors.
struct ReplicationRow: BenchmarkRow {
  static let description = RowDescription(
    name: "replication-3",
    question:
      "Three connections send 64 KiB batches of 100 B records, acks=all, five in flight each,"
      + " to three partitions: of three brokers with three replicas each (min.insync.replicas 2), and"
      + " of one broker alone, in turn.",
    durability: "groupCommit",
    goals: [Goal(.ratioToOneBroker, must: 0.30, reachingFor: 0.40)], mostRounds: 5)

  private static let requestsPerConnection = 512
  private static let partitionCount = 3

  private let cluster: BenchmarkCluster
  private let single: BrokerTarget
  private let singleTopic: String
  private let topic: ReplicatedTopic
  private let batches: PrebuiltBatches
  private let singleLoad: ParallelLoad
  private var ratios: [Double] = []
  private var singleRecordsPerSecond: [Double] = []
  private var roundCount = 0

  init(_ context: RowContext) async throws {
    cluster = try BenchmarkCluster(context, sessionTimeout: BenchmarkCluster.longSession)
    topic = try ReplicatedTopic(
      creatingFor: "replication", on: cluster, partitionCount: Self.partitionCount,
      configuration: [("min.insync.replicas", "2")])
    single = try context.startBroker(name: "single")
    singleTopic = topic.name
    var plan = KafkaConnection.TopicPlan(name: singleTopic)
    plan.partitionCount = Int32(Self.partitionCount)
    _ = try single.connect().create(topic: plan)
    let batches = PrebuiltBatches(
      count: 16, upTo: 64 << 10, seed: 32, timestamp: BenchmarkTopic.nowMilliseconds)
    self.batches = batches
    let endpoint = single.endpoint
    singleLoad = ParallelLoad(
      parts: (0..<Self.partitionCount).map { [topic] number in
        ParallelLoad.Part(
          endpoint: endpoint,
          frames: BrokerTopic(topic.partition(number)).produceFrames(batches, acks: -1))
      })
  }

  /// The brokers that lead may be others by now.
  private func clusterLoad() throws -> ParallelLoad {
    ParallelLoad(
      parts: try (0..<Self.partitionCount).map { number in
        ParallelLoad.Part(
          endpoint: try cluster.target(try topic.leader(of: number)).endpoint,
          frames: BrokerTopic(topic.partition(number)).produceFrames(batches, acks: -1))
      })
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    let load = try clusterLoad()
    // Who goes first changes from round to round.
    let alone = round % 2 == 0 ? try measure(singleLoad) : nil
    let replicated = try measure(load)
    let singleRound = try alone ?? measure(singleLoad)
    roundCount += 1
    if roundCount > Self.description.warmUpRounds {
      ratios.append(replicated.operationsPerSecond / singleRound.operationsPerSecond)
      singleRecordsPerSecond.append(singleRound.recordsPerSecond)
    }
    return replicated
  }

  private func measure(_ load: ParallelLoad) throws -> Sample {
    let count = Self.requestsPerConnection * load.parts.count
    let passes = count / batches.count
    return try Sample.measure {
      try load.run(requestCount: Self.requestsPerConnection, inFlight: 5)
      return Work(
        operations: count, records: passes * batches.recordCount,
        bytes: passes * batches.bytes.count)
    }
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures {
    let each = roundCount * Self.requestsPerConnection / batches.count * batches.recordCount
    for number in 0..<Self.partitionCount {
      let partition = BrokerTopic(topic.partition(number))
      try partition.checkEnd(each, on: cluster.target(try topic.leader(of: number)))
      try partition.checkEnd(each, on: single)
    }
    try single.stop()
    try cluster.stop()
    guard let ratio = Statistics.median(ratios) else { return RowFigures() }
    return RowFigures(
      goalValues: [(.ratioToOneBroker, ratio)],
      members: [
        .init("ratioToOneBroker", .number(ratio)),
        .init("oneBrokerRecordsPerSecond", .optional(Statistics.median(singleRecordsPerSecond))),
      ])
  }
}
