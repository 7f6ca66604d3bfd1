import MoldauLog

/// `append-batch-16k`: batches as a client sends them, through all checks.
///
/// Sketch: 0.7 µs for the checksum of 16 KiB, 1 µs for the structure of 145 records, 8 µs for the
/// pwrite: the checks cost a tenth, everything else nothing that shows.
struct AppendBatchRow: BenchmarkRow {
  static let description = RowDescription(
    name: "append-batch-16k",
    question: "Append prebuilt 16 KiB batches of 100 B records to one partition: checksum and"
      + " structure checked, offsets stamped, indexed. C: checksum, stamp, pwrite.",
    durability: "buffered",
    goals: [
      Goal(.ratioToC, must: 0.80, reachingFor: 0.95),
      Goal(.recordsPerSecond, must: nil, reachingFor: 15e6),
    ])

  /// 64 MiB a round: long enough to time, short enough to leave write-back alone.
  private static let batchesPerRound = 4096

  private let bench: BenchmarkTopic
  private let baselineFile: BaselineFile
  private var baselineEnd = Baseline.End()
  private var batches: PrebuiltBatches

  init(_ context: RowContext) async throws {
    batches = PrebuiltBatches(
      count: 64, upTo: 16 << 10, seed: 1, timestamp: BenchmarkTopic.nowMilliseconds)
    bench = try await BenchmarkTopic(in: context.directory + "/store")
    baselineFile = try BaselineFile(creating: context.directory + "/baseline")
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    try Sample.measure {
      try bench.append(batches, count: Self.batchesPerRound)
      return work
    }
  }

  mutating func baselineRound(_ round: Int) throws -> Sample? {
    try Sample.measure {
      for _ in 0..<Self.batchesPerRound / batches.count {
        try Baseline.append(
          &batches.bytes, count: batches.count, to: baselineFile, at: &baselineEnd)
      }
      return work
    }
  }

  private var work: Work {
    let rounds = Self.batchesPerRound / batches.count
    return Work(
      operations: Self.batchesPerRound, records: rounds * batches.recordCount,
      bytes: rounds * batches.bytes.count)
  }

  mutating func finish() async throws -> RowFigures {
    try BaselineError.checkEqual(
      bench.log.endOffset.rawValue, baselineEnd.offset, "the log's end offset")
    try await bench.store.close()
    return RowFigures()
  }
}
