import MoldauProtocol

/// `connections-5000`: what clients cost that do nothing.
struct ConnectionsRow: BenchmarkRow {
  static let description = RowDescription(
    name: "connections-5000",
    question: "5,000 clients connect, ask for the API versions, and stay. An operation is one of"
      + " them; the memory is the broker's with all of them.",
    durability: nil, goals: [Goal(.memoryBytes, must: 150e6, reachingFor: 80e6)],
    warmUpRounds: 0, mostRounds: 1)

  private static let count = 5000

  private let target: BrokerTarget
  private var connections: [BaselineConnection] = []

  init(_ context: RowContext) async throws {
    target = try context.startBroker()
  }

  mutating func measuredRound(_ round: Int) async throws -> Sample {
    var frames = RequestFrames()
    frames.append(ApiVersionsRequest(), version: 0)
    var opened: [BaselineConnection] = []
    opened.reserveCapacity(Self.count)
    var sample = try BrokerMeter(target: target).measure {
      for _ in 0..<Self.count {
        let connection = try target.connectRaw()
        _ = try connection.exchange(frames, requestCount: 1)
        opened.append(connection)
      }
      return Work(operations: Self.count, records: 0, bytes: 0)
    }
    connections = opened
    sample.peakMemoryBytes = target.memory?.bytes
    return sample
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures {
    connections = []
    try target.stop()
    return RowFigures()
  }
}
