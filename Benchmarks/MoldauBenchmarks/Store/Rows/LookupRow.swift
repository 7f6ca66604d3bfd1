import MoldauFormat
import MoldauLog

/// `lookup`: where in which file the batch of an offset is.
///
/// Sketch: the segment by bisection, ten probes of a warm index, up to five headers of batches of
/// 1.1 kB: 300 ns, most of it cache misses.
struct LookupRow: BenchmarkRow {
  static let description = RowDescription(
    name: "lookup",
    question:
      "Find the batch of a random offset in 64 MiB of warm sealed segments of 1.1 kB batches."
      + " C: the same search in mapped files.",
    goals: [Goal(.nanosecondsPerOperation, must: 1000, reachingFor: 300)])

  private static let recordsPerBatch = 10
  private static let segmentBytes = 16 << 20
  private static let batchCount = 60_000
  private static let lookupsPerRound = 100_000

  private let bench: BenchmarkTopic
  private let segments: [BaselineSegment]
  private var targets: [Int64] = []
  private var generator = SplitMix64(state: 7)

  init(_ context: RowContext) async throws {
    let directory = context.directory + "/store"
    let writer = try await BenchmarkTopic(in: directory, segmentBytes: Self.segmentBytes)
    let batches = PrebuiltBatches(
      count: 1000, recordsPerBatch: Self.recordsPerBatch, seed: 2,
      timestamp: BenchmarkTopic.nowMilliseconds)
    try writer.append(batches, count: Self.batchCount)
    // What comes after lies in a segment of its own, so that all before it is sealed.
    try writer.log.rollNow()
    try writer.append(batches, count: 1)
    try await writer.store.close()
    bench = try await BenchmarkTopic(in: directory, segmentBytes: Self.segmentBytes)
    segments = try BaselineSegment.sealedSegments(
      in: BenchmarkTopic.partitionDirectory(in: directory))
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    pickTargets(round)
    return try Sample.measure {
      blackHole(try lookUp())
      return Work(operations: Self.lookupsPerRound, records: 0, bytes: 0)
    }
  }

  mutating func baselineRound(_ round: Int) throws -> Sample? {
    pickTargets(round)
    return Sample.measure {
      blackHole(Baseline.lookup(targets, in: segments))
      return Work(operations: Self.lookupsPerRound, records: 0, bytes: 0)
    }
  }

  private func lookUp() throws(LogError) -> Int {
    let log = bench.log
    var sum = 0
    for target in targets {
      sum &+= try log.locate(Offset(rawValue: target))?.position ?? 0
    }
    return sum
  }

  /// What a fetch asks for: a piece of the file of up to 64 KiB of whole batches.
  private func slice() throws(LogError) -> Int {
    let log = bench.log
    let end = log.endOffset
    var sum = 0
    for target in targets {
      let slice = try log.read(from: Offset(rawValue: target), limit: end, maxBytes: 64 << 10)
      sum &+= slice?.count ?? 0
    }
    return sum
  }

  /// Both sides of a round look for the same offsets, and no two rounds do.
  private mutating func pickTargets(_ round: Int) {
    generator.state = UInt64(round) &* 1_000_003
    let end = Int64(Self.batchCount * Self.recordsPerBatch)
    targets = (0..<Self.lookupsPerRound).map { _ in
      Int64.random(in: 0..<end, using: &generator)
    }
  }

  mutating func finish() async throws -> RowFigures {
    try BaselineError.checkEqual(
      UInt64(try lookUp()), Baseline.lookup(targets, in: segments), "the sum of the positions")
    let slices = try Sample.measure {
      blackHole(try slice())
      return Work(operations: Self.lookupsPerRound, records: 0, bytes: 0)
    }
    try await bench.store.close()
    return RowFigures(members: [
      .init("nanosecondsPerSlice", .number(slices.nanosecondsPerOperation))
    ])
  }
}
