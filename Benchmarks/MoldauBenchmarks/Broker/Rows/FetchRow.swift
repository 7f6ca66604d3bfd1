/// `fetch-1m`: large answers against sendfile alone.
struct FetchRow: BenchmarkRow {
  static let description = RowDescription(
    name: "fetch-1m",
    question: "One connection fetches a partition's records 1 MB at once, two in flight. C: a"
      + " server with one thread that answers with slices of the same size, by sendfile.",
    durability: nil, goals: [Goal(.ratioToC, must: 0.80, reachingFor: 0.95)], mostRounds: 5)

  private static let fetchCount = 128
  private static let passesPerRound = 4

  private let target: BrokerTarget
  private let connection: BaselineConnection
  private let batches: PrebuiltBatches
  private let frames: RequestFrames
  private let file: BaselineFile
  private let baseline: BaselineServer
  private var baselineConnection: BaselineConnection?

  init(_ context: RowContext) async throws {
    target = try context.startBroker()
    let topic = try BrokerTopic(creatingFor: "fetch", on: target)
    connection = try target.connectRaw()
    batches = PrebuiltBatches(
      count: 1, upTo: 1 << 20, seed: 24, timestamp: BenchmarkTopic.nowMilliseconds)
    _ = try connection.exchange(
      topic.produceFrames(batches, acks: 1), requestCount: Self.fetchCount, inFlight: 3)
    try topic.checkEnd(Self.fetchCount * batches.recordCount, on: target)
    let recordsPerFetch = batches.recordCount
    frames = topic.fetchFrames(
      from: (0..<Self.fetchCount).map { $0 * recordsPerFetch }, byteCount: batches.bytes.count)
    let size = batches.bytes.count
    file = try BaselineFile(creating: context.directory + "/baseline")
    for slice in 0..<Self.fetchCount { try file.write(batches.bytes, at: slice * size) }
    baseline = try .sender(of: file, sliceSize: size, sliceCount: Self.fetchCount)
    baselineConnection = try BaselineConnection(host: "127.0.0.1", port: baseline.port)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    try BrokerMeter(target: target).measure { try fetch(over: connection) }
  }

  mutating func baselineRound(_ round: Int) throws -> Sample? {
    guard let baselineConnection else { return nil }
    return try Sample.measure { () throws(BaselineError) in try fetch(over: baselineConnection) }
  }

  private func fetch(over connection: BaselineConnection) throws(BaselineError) -> Work {
    let requestCount = Self.fetchCount * Self.passesPerRound
    let bytes = requestCount * batches.bytes.count
    let answered = try connection.exchange(frames, requestCount: requestCount, inFlight: 2)
    guard answered >= bytes else {
      throw BaselineError("the answers hold \(answered) bytes, \(bytes) were asked for")
    }
    return Work(
      operations: requestCount, records: requestCount * batches.recordCount, bytes: bytes)
  }

  mutating func finish() async throws -> RowFigures {
    baselineConnection = nil
    try baseline.wait()
    try target.stop()
    return RowFigures()
  }
}
