import MoldauFormat
import MoldauLog

/// `scan`: every record of a sealed segment, where it lies.
///
/// Sketch: 5 ns a record for the checksum of 110 bytes at 20 GB/s, 7 ns for its fields, the rest
/// memory: 15 ns, 65 M records/s.
struct ScanRow: BenchmarkRow {
  static let description = RowDescription(
    name: "scan",
    question: "Visit all 100 B records of a cached sealed segment of 64 MiB as borrowed views, each"
      + " batch's checksum checked. C: the same in a mapped file.",
    goals: [
      Goal(.ratioToC, must: 0.60, reachingFor: 0.85),
      Goal(.recordsPerSecond, must: nil, reachingFor: 40e6),
    ])

  private static let batchCount = 4096

  private let bench: BenchmarkTopic
  private let segment: BaselineMap
  private let recordCount: Int
  private let byteCount: Int
  private var seen = Seen()
  private var baselineSeen = Seen()

  /// What a scan has found: proof that both sides looked at every value.
  private struct Seen: Equatable {
    var records = 0
    var valueBytes = 0
    var firstBytes: UInt64 = 0
  }

  init(_ context: RowContext) async throws {
    bench = try await BenchmarkTopic(in: context.directory + "/store")
    let batches = PrebuiltBatches(
      count: 512, upTo: 16 << 10, seed: 10, timestamp: BenchmarkTopic.nowMilliseconds)
    try bench.append(batches, count: Self.batchCount)
    try bench.log.rollNow()
    let folder = BenchmarkTopic.partitionDirectory(in: context.directory + "/store")
    segment = try BaselineMap(folder + "/00000000000000000000.log")
    recordCount = Self.batchCount * batches.recordsPerBatch
    byteCount = segment.count
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    try Sample.measure {
      seen = try Self.scan(bench.topic)
      return Work(operations: recordCount, records: recordCount, bytes: byteCount)
    }
  }

  /// The sums are locals of a function of their own, as a caller who cares would have them.
  private static func scan(_ topic: Topic) throws(LogError) -> Seen {
    var records = 0
    var valueBytes = 0
    var firstBytes: UInt64 = 0
    _ = try topic.scan(from: .earliest, maxBytes: .max) { view in
      records &+= 1
      guard let value = view.value, !value.isEmpty else { return }
      valueBytes &+= value.byteCount
      // SAFETY: the value is not empty, and every bit pattern is a byte.
      firstBytes &+= UInt64(unsafe value.unsafeLoad(as: UInt8.self))
    }
    return Seen(records: records, valueBytes: valueBytes, firstBytes: firstBytes)
  }

  mutating func baselineRound(_ round: Int) throws -> Sample? {
    try Sample.measure {
      let found = try Baseline.scan(segment)
      baselineSeen = Seen(
        records: Int(found.record_count), valueBytes: Int(found.value_bytes),
        firstBytes: found.first_bytes)
      return Work(operations: recordCount, records: recordCount, bytes: byteCount)
    }
  }

  mutating func finish() async throws -> RowFigures {
    try BaselineError.checkEqual(seen, baselineSeen, "what a scan has seen")
    try BaselineError.checkEqual(seen.records, recordCount, "the records scanned")
    try await bench.store.close()
    return RowFigures()
  }
}
