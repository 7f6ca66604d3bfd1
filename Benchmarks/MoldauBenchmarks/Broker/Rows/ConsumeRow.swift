/// `consume`: what the broker spends on a record that is read.
///
/// Sketch: an answer of 512 KiB is 4,300 records: sendfile 100 µs, the rest 10 µs: 0.025 µs each.
struct ConsumeRow: BenchmarkRow {
  static let description = RowDescription(
    name: "consume",
    question: "One connection fetches 100 B records that were written in 64 KiB batches, 512 KiB at"
      + " once, two in flight; one partition. CPU and memory are the broker's.",
    durability: nil,
    goals: [
      Goal(.cpuNanosecondsPerRecord, must: 50, reachingFor: 30),
      Goal(.recordsPerSecond, must: 2.5e6, reachingFor: 10e6),
      Goal(.memoryBytes, must: 150e6, reachingFor: 60e6),
    ], mostRounds: 5)

  private static let batchesPerFetch = 8
  private static let fetchCount = 256
  private static let passesPerRound = 4

  private let target: BrokerTarget
  private let connection: BaselineConnection
  private let batches: PrebuiltBatches
  private let frames: RequestFrames
  private var samples: [Sample] = []

  init(_ context: RowContext) async throws {
    target = try context.startBroker()
    let topic = try BrokerTopic(creatingFor: "consume", on: target)
    connection = try target.connectRaw()
    batches = PrebuiltBatches(
      count: Self.batchesPerFetch, upTo: 64 << 10, seed: 22,
      timestamp: BenchmarkTopic.nowMilliseconds)
    let requestCount = Self.fetchCount * batches.count
    _ = try connection.exchange(
      topic.produceFrames(batches, acks: 1), requestCount: requestCount, inFlight: 5)
    try topic.checkEnd(Self.fetchCount * batches.recordCount, on: target)
    let recordsPerFetch = batches.recordCount
    frames = topic.fetchFrames(
      from: (0..<Self.fetchCount).map { $0 * recordsPerFetch }, byteCount: batches.bytes.count)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    let requestCount = Self.fetchCount * Self.passesPerRound
    let bytes = requestCount * batches.bytes.count
    let sample = try BrokerMeter(target: target).measure {
      let answered = try connection.exchange(frames, requestCount: requestCount, inFlight: 2)
      guard answered > bytes else {
        throw BaselineError("the answers hold \(answered) bytes, \(bytes) were asked for")
      }
      return Work(
        operations: requestCount, records: requestCount * batches.recordCount, bytes: bytes)
    }
    samples.append(sample)
    return sample
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() async throws -> RowFigures {
    let figures = RowFigures.cpu(
      perRecordOf: Array(samples.dropFirst(Self.description.warmUpRounds)), target)
    try target.stop()
    return figures
  }
}
