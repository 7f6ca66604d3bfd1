/// `produce`: what the broker spends on a record of large batches.
///
/// Sketch: a 64 KiB request is 540 records; socket to buffer 15 µs, checksum 4 µs, structure 4 µs,
/// pwrite 20 µs, wake-ups and answer 10 µs: 0.1 µs a record.
struct ProduceRow: BenchmarkRow {
  static let description = RowDescription(
    name: "produce",
    question: "One connection sends 64 KiB batches of 100 B records, five in flight, acks=1; one"
      + " partition. CPU and memory are the broker's.",
    durability: "buffered",
    goals: [
      Goal(.cpuNanosecondsPerRecord, must: 120, reachingFor: 80),
      Goal(.recordsPerSecond, must: 1.1e6, reachingFor: 3e6),
      Goal(.memoryBytes, must: 150e6, reachingFor: 60e6),
    ], mostRounds: 5)

  private static let requestsPerRound = 2048

  private let target: BrokerTarget
  private let topic: BrokerTopic
  private let connection: BaselineConnection
  private let batches: PrebuiltBatches
  private let frames: RequestFrames
  private var samples: [Sample] = []

  init(_ context: RowContext) async throws {
    target = try context.startBroker()
    topic = try BrokerTopic(creatingFor: "produce", on: target)
    connection = try target.connectRaw()
    batches = PrebuiltBatches(
      count: 16, upTo: 64 << 10, seed: 21, timestamp: BenchmarkTopic.nowMilliseconds)
    frames = topic.produceFrames(batches, acks: 1)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    let sample = try BrokerMeter(target: target).measure {
      _ = try connection.exchange(frames, requestCount: Self.requestsPerRound, inFlight: 5)
      let rounds = Self.requestsPerRound / batches.count
      return Work(
        operations: Self.requestsPerRound, records: rounds * batches.recordCount,
        bytes: rounds * batches.bytes.count)
    }
    samples.append(sample)
    return sample
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() async throws -> RowFigures {
    try topic.checkEnd(samples.reduce(0) { $0 + $1.records }, on: target)
    let figures = RowFigures.cpu(
      perRecordOf: Array(samples.dropFirst(Self.description.warmUpRounds)), target)
    try target.stop()
    return figures
  }
}
