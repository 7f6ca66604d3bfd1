import MoldauLog

/// `append-single`: a record an append, from one task, each in the page cache when it returns.
///
/// Sketch: 25 ns to encode with checksum, 25 ns for an uncontended lock, 10 ns to copy 171 bytes to a
/// mapped page: 100 ns. A pwrite would cost a microsecond.
struct AppendSingleRow: BenchmarkRow {
  static let description = RowDescription(
    name: "append-single",
    question:
      "Append one 100 B record after the other from one task, each safe from kill -9 when the"
      + " call returns. C: encode, checksum, pwrite of each.",
    durability: "buffered", goals: [Goal(.nanosecondsPerOperation, must: 300, reachingFor: 100)])

  private static let appendsPerRound = 200_000
  private static let baselineAppendsPerRound = 50_000

  private let bench: BenchmarkTopic
  private let baselineFile: BaselineFile
  private var baselineEnd = Baseline.End()
  private let values = Values(count: 4096, seed: 9)
  private let records: [Record]
  private let batchBytes: Int

  init(_ context: RowContext) async throws {
    let values = values
    records = (0..<values.count).map { Record(value: Array(values[$0])) }
    batchBytes =
      PrebuiltBatches(count: 1, recordsPerBatch: 1, seed: 1, timestamp: 0).bytes.count
    bench = try await BenchmarkTopic(in: context.directory + "/store")
    baselineFile = try BaselineFile(creating: context.directory + "/baseline")
  }

  mutating func measuredRound(_ round: Int) async throws -> Sample {
    let (topic, records) = (bench.topic, records)
    return try await Sample.measure {
      for index in 0..<Self.appendsPerRound {
        _ = try await topic.append(records[(index + round) % records.count])
      }
      return work(Self.appendsPerRound)
    }
  }

  mutating func baselineRound(_ round: Int) throws -> Sample? {
    try Sample.measure {
      try Baseline.appendEncoded(
        values, recordsPerBatch: 1, batchCount: Self.baselineAppendsPerRound,
        timestamp: BenchmarkTopic.nowMilliseconds, to: baselineFile, at: &baselineEnd)
      return work(Self.baselineAppendsPerRound)
    }
  }

  private func work(_ count: Int) -> Work {
    Work(operations: count, records: count, bytes: count * batchBytes)
  }

  mutating func finish() async throws -> RowFigures {
    let (topic, records) = (bench.topic, records)
    let enqueued = try Sample.measure {
      for index in 0..<Self.appendsPerRound {
        _ = try topic.enqueue(records[index % records.count])
      }
      return work(Self.appendsPerRound)
    }
    try await bench.store.close()
    return RowFigures(members: [
      .init("nanosecondsPerEnqueue", .number(enqueued.nanosecondsPerOperation))
    ])
  }
}
