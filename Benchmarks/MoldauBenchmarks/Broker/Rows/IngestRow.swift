/// `ingest-1m`: large requests against the least server that keeps them.
struct IngestRow: BenchmarkRow {
  static let description = RowDescription(
    name: "ingest-1m",
    question: "One connection sends requests of one 1 MB batch, three in flight, acks=1. C: a"
      + " server with one thread that writes each request to a file with one pwrite.",
    durability: "buffered", goals: [Goal(.ratioToC, must: 0.80, reachingFor: 0.95)],
    mostRounds: 5)

  private static let requestsPerRound = 128
  private static let inFlight = 3

  private let target: BrokerTarget
  private let topic: BrokerTopic
  private let connection: BaselineConnection
  private let batches: PrebuiltBatches
  private let frames: RequestFrames
  private let file: BaselineFile
  private let baseline: BaselineServer
  private var baselineConnection: BaselineConnection?
  private var records = 0

  init(_ context: RowContext) async throws {
    target = try context.startBroker()
    topic = try BrokerTopic(creatingFor: "ingest", on: target)
    connection = try target.connectRaw()
    batches = PrebuiltBatches(
      count: 4, upTo: 1 << 20, seed: 23, timestamp: BenchmarkTopic.nowMilliseconds)
    frames = topic.produceFrames(batches, acks: 1)
    file = try BaselineFile(creating: context.directory + "/baseline")
    baseline = try .receiver(to: file)
    baselineConnection = try BaselineConnection(host: "127.0.0.1", port: baseline.port)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    records += Self.requestsPerRound / batches.count * batches.recordCount
    return try BrokerMeter(target: target).measure { try send(over: connection) }
  }

  mutating func baselineRound(_ round: Int) throws -> Sample? {
    guard let baselineConnection else { return nil }
    return try Sample.measure { () throws(BaselineError) in try send(over: baselineConnection) }
  }

  private func send(over connection: BaselineConnection) throws(BaselineError) -> Work {
    _ = try connection.exchange(
      frames, requestCount: Self.requestsPerRound, inFlight: Self.inFlight)
    let rounds = Self.requestsPerRound / batches.count
    return Work(
      operations: Self.requestsPerRound, records: rounds * batches.recordCount,
      bytes: rounds * batches.bytes.count)
  }

  mutating func finish() async throws -> RowFigures {
    try topic.checkEnd(records, on: target)
    baselineConnection = nil
    try baseline.wait()
    try target.stop()
    return RowFigures()
  }
}
