/// `latency-buffered`: end to end without a sync.
struct BufferedLatencyRow: BenchmarkRow {
  static let description = RowDescription(
    name: "latency-buffered",
    question: "10,000 records of 100 B a second, acks=all, to one consumer. An operation is the way"
      + " of a record from when it was due to the consumer.",
    durability: "buffered",
    goals: [Goal(.latencyP99Nanoseconds, must: 3e6, reachingFor: 1e6)], mostRounds: 3)

  private var rounds: LatencyRounds

  init(_ context: RowContext) async throws {
    rounds = try LatencyRounds(context, flush: "buffered")
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    try rounds.run().sample(\.delivered)
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures {
    var figures = try rounds.finish()
    figures.goalValues = [(.latencyP99Nanoseconds, rounds.p99(\.delivered))]
    return figures
  }
}

/// `latency-group-commit`: to an acknowledgement that survives a power cut.
///
/// Sketch: a record waits for the sync under way and for its own.
struct CommittedLatencyRow: BenchmarkRow {
  static let description = RowDescription(
    name: "latency-group-commit",
    question: "The same with group commit. An operation is the way of a record from when it was due"
      + " to its acknowledgement; a sync is what 4 KiB and fdatasync took in the same run (p99).",
    durability: "groupCommit",
    goals: [Goal(.latencyP99Syncs, must: 2, reachingFor: 1.5)], mostRounds: 3)

  private let file: BaselineFile
  private var rounds: LatencyRounds
  private var syncs: [Double] = []

  init(_ context: RowContext) async throws {
    rounds = try LatencyRounds(context, flush: "group-commit")
    file = try BaselineFile(creating: context.directory + "/baseline", writing: 1 << 20)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    syncs += try syncTimes()
    let sample = try rounds.run().sample(\.acknowledged)
    syncs += try syncTimes()
    return sample
  }

  /// Syncs a millisecond apart, as the load's are.
  private func syncTimes() throws(BaselineError) -> [Double] {
    let bytes = [UInt8](repeating: 1, count: 4096)
    var times: [Double] = []
    for sync in 0..<200 {
      MonotonicTime.sleep(until: MonotonicTime.now + 1_000_000)
      let start = MonotonicTime.now
      try file.write(bytes, at: sync * bytes.count)
      try file.sync()
      times.append(Double(MonotonicTime.now - start))
    }
    return times
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures {
    var figures = try rounds.finish()
    guard let sync = Statistics.percentile(99, of: syncs) else { return figures }
    figures.goalValues = [(.latencyP99Syncs, rounds.p99(\.acknowledged) / sync)]
    figures.members.append(.init("syncP99Nanoseconds", .number(sync)))
    figures.members.append(.init("syncP50Nanoseconds", .optional(Statistics.median(syncs))))
    return figures
  }
}

/// Rounds of the load on a broker with one way to flush.
private struct LatencyRounds {
  /// Two seconds.
  private static let recordsPerRound = 20_000

  private let target: BrokerTarget
  private let load: LatencyLoad
  private var latencies: [LatencyLoad.Latencies] = []

  struct Round {
    var latencies: LatencyLoad.Latencies
    var nanoseconds: Double
    var cpuNanoseconds: Double
    var memoryBytes: Int?

    /// A record is an operation, and takes what the chosen latency says.
    func sample(_ chosen: KeyPath<LatencyLoad.Latencies, [Double]>) -> Sample {
      let all = latencies[keyPath: chosen]
      return Sample(
        operations: all.count, records: all.count, bytes: all.count * Values.valueSize,
        nanoseconds: nanoseconds, cpuNanoseconds: cpuNanoseconds, peakMemoryBytes: memoryBytes,
        latencies: all)
    }
  }

  init(_ context: RowContext, flush: String) throws {
    target = try context.startBroker(["--flush", flush])
    let topic = try BrokerTopic(creatingFor: "latency", on: target)
    load = LatencyLoad(
      target: target, partition: topic.partition, recordsPerSecond: 10_000)
  }

  mutating func run() throws -> Round {
    let cpu = try target.cpuNanoseconds() ?? 0
    let start = ContinuousClock.now
    let found = try load.run(recordCount: Self.recordsPerRound)
    latencies.append(found)
    return Round(
      latencies: found, nanoseconds: start.duration(to: .now).inNanoseconds,
      cpuNanoseconds: try (target.cpuNanoseconds() ?? 0) - cpu,
      memoryBytes: target.memory?.peakBytes)
  }

  /// The median of the rounds' 99th percentiles, without the round that warmed up.
  func p99(_ chosen: KeyPath<LatencyLoad.Latencies, [Double]>) -> Double {
    let each = latencies.dropFirst().compactMap {
      Statistics.percentile(99, of: $0[keyPath: chosen])
    }
    return Statistics.median(each) ?? .nan
  }

  mutating func finish() throws -> RowFigures {
    try target.stop()
    let measured = latencies.dropFirst()
    func percentile(
      _ percent: Double, _ chosen: KeyPath<LatencyLoad.Latencies, [Double]>
    ) -> JSONValue {
      .optional(Statistics.percentile(percent, of: measured.flatMap { $0[keyPath: chosen] }))
    }
    return RowFigures(members: [
      .init("acknowledgedP50Nanoseconds", percentile(50, \.acknowledged)),
      .init("acknowledgedP99Nanoseconds", percentile(99, \.acknowledged)),
      .init("deliveredP50Nanoseconds", percentile(50, \.delivered)),
      .init("deliveredP99Nanoseconds", percentile(99, \.delivered)),
    ])
  }
}
