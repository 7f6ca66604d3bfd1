import MoldauLog

/// `append-encode-100`: records of this process, a hundred to a batch.
///
/// Sketch: 1 µs to encode a hundred records, 0.5 µs for the checksum, 7 µs for the pwrite of 11 kB.
struct AppendEncodeRow: BenchmarkRow {
  static let description = RowDescription(
    name: "append-encode-100",
    question: "Encode and append 100 B records, 100 to a batch, through append(contentsOf:)."
      + " C: the same bytes encoded, checksummed and written.",
    durability: "buffered", goals: [Goal(.ratioToC, must: 0.85, reachingFor: 1)])

  private static let recordsPerBatch = 100
  private static let batchesPerRound = 4000

  private let bench: BenchmarkTopic
  private let baselineFile: BaselineFile
  private var baselineEnd = Baseline.End()
  private let values = Values(count: 16_000, seed: 8)
  private let batches: [[Record]]

  init(_ context: RowContext) async throws {
    let values = values
    let timestamp = BenchmarkTopic.nowMilliseconds
    batches = stride(from: 0, to: values.count, by: Self.recordsPerBatch).map { start in
      (start..<start + Self.recordsPerBatch).map { index in
        Record(value: Array(values[index]), timestampMilliseconds: timestamp)
      }
    }
    bench = try await BenchmarkTopic(in: context.directory + "/store")
    baselineFile = try BaselineFile(creating: context.directory + "/baseline")
  }

  mutating func measuredRound(_ round: Int) async throws -> Sample {
    let (topic, batches) = (bench.topic, batches)
    let start = try topic.endOffset()
    return try await Sample.measure {
      for index in 0..<Self.batchesPerRound {
        _ = try await topic.append(contentsOf: batches[(index + round) % batches.count])
      }
      return work(from: start.rawValue, to: try topic.endOffset().rawValue)
    }
  }

  mutating func baselineRound(_ round: Int) throws -> Sample? {
    let start = baselineEnd
    return try Sample.measure {
      try Baseline.appendEncoded(
        values, recordsPerBatch: Self.recordsPerBatch, batchCount: Self.batchesPerRound,
        timestamp: BenchmarkTopic.nowMilliseconds, to: baselineFile, at: &baselineEnd)
      return work(from: start.offset, to: baselineEnd.offset)
    }
  }

  private func work(from start: Int64, to end: Int64) -> Work {
    let bytes = baselineEnd.offset == 0 ? 0 : Int(baselineEnd.position / baselineEnd.offset)
    let records = Int(end - start)
    return Work(
      operations: records / Self.recordsPerBatch, records: records, bytes: bytes * records)
  }

  mutating func finish() async throws -> RowFigures {
    try BaselineError.checkEqual(
      bench.log.endOffset.rawValue, baselineEnd.offset, "the log's end offset")
    try BaselineError.checkEqual(
      bench.log.byteCount, Int(baselineEnd.position), "the log's bytes")
    try await bench.store.close()
    return RowFigures()
  }
}
