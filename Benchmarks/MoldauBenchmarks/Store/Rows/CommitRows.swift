import MoldauLog

/// `commit-64`: group commit of 64 waiters on one partition.
///
/// Sketch: a sync of written blocks takes 180 µs, 64 pwrites 80 µs: a C thread that does nothing
/// else commits 64 every 260 µs. The store forms the next batch while the device works.
struct CommitRow: BenchmarkRow {
  static let description = RowDescription(
    name: "commit-64",
    question: "64 tasks append one 100 B record each, wait until it survives a power cut, and start"
      + " over; one partition. C: one thread, 64 times checksum and pwrite, one fdatasync.",
    durability: "groupCommit", goals: [Goal(.ratioToC, must: 0.70, reachingFor: 0.90)],
    mostRounds: 7)

  private let bench: BenchmarkTopic
  private let load: CommitLoad
  private var floor: CommitFloor

  init(_ context: RowContext) async throws {
    let values = Values(count: 4096, seed: 4)
    floor = try CommitFloor(in: context.directory, batch: CommitRow.batch(of: values))
    bench = try await BenchmarkTopic(
      in: context.directory + "/store", durability: .groupCommit())
    load = CommitLoad(bench.topic, values, batchBytes: floor.batchBytes)
    try await load.warmUp()
  }

  /// What one record is encoded to.
  static func batch(of values: Values) -> [UInt8] {
    Baseline.encode(
      values: values.bytes.span.extracting(first: Values.valueSize), valueSize: Values.valueSize,
      baseOffset: 0, timestamp: BenchmarkTopic.nowMilliseconds)
  }

  mutating func measuredRound(_ round: Int) async throws -> Sample { try await load.run(round) }

  mutating func baselineRound(_ round: Int) throws -> Sample? { try floor.run() }

  mutating func finish() async throws -> RowFigures {
    // What a C program with a thread a client would reach, against the store in turn.
    var rates: [Double] = []
    var ratios: [Double] = []
    for round in 0..<3 {
      let threads = try floor.runThreads().operationsPerSecond
      rates.append(threads)
      ratios.append(try await load.run(1000 + round).operationsPerSecond / threads)
    }
    try await bench.store.close()
    return RowFigures(members: [
      .init("threadedBaselineOperationsPerSecond", .optional(Statistics.median(rates))),
      .init("ratioToThreadedC", .optional(Statistics.median(ratios))),
    ])
  }
}

/// The same load spread over many partitions, against one partition of the same store in turn.
struct SpreadCommits {
  private let many: BenchmarkTopic
  private let loadOfMany: CommitLoad
  private let loadOfOne: CommitLoad
  private var floor: CommitFloor
  private var ratios: [Double] = []

  init(_ context: RowContext, partitions: Int) async throws {
    let values = Values(count: 4096, seed: 5)
    floor = try CommitFloor(in: context.directory, batch: CommitRow.batch(of: values))
    many = try await BenchmarkTopic(
      in: context.directory + "/store", durability: .groupCommit(), partitions: partitions)
    loadOfMany = CommitLoad(many.topic, values, batchBytes: floor.batchBytes)
    loadOfOne = CommitLoad(
      try await many.store.topic("one", TopicConfiguration(retention: [])), values,
      batchBytes: floor.batchBytes)
    try await loadOfMany.warmUp()
    try await loadOfOne.warmUp()
  }

  mutating func measuredRound(_ round: Int) async throws -> Sample {
    let spread: Sample
    let single: Sample
    if round % 2 == 0 {
      single = try await loadOfOne.run(round)
      spread = try await loadOfMany.run(round)
    } else {
      spread = try await loadOfMany.run(round)
      single = try await loadOfOne.run(round)
    }
    ratios.append(spread.operationsPerSecond / single.operationsPerSecond)
    return spread
  }

  mutating func baselineRound() throws -> Sample { try floor.run() }

  func finish() async throws -> RowFigures {
    try await many.store.close()
    // The first round warmed up.
    guard let ratio = Statistics.median(ratios.dropFirst()) else { return RowFigures() }
    return RowFigures(
      goalValues: [(.ratioToOnePartition, ratio)],
      members: [.init("ratioToOnePartition", .number(ratio))])
  }
}

/// `commit-64-partitions-64`: a partition a waiter.
struct Commit64PartitionsRow: BenchmarkRow {
  static let description = RowDescription(
    name: "commit-64-partitions-64",
    question: "The same 64 tasks spread over 64 partitions, beside one partition of the same store"
      + " in turn. C: the same floor.",
    durability: "groupCommit", goals: [Goal(.ratioToOnePartition, must: 0.5, reachingFor: 0.8)],
    mostRounds: 7)

  private var commits: SpreadCommits

  init(_ context: RowContext) async throws {
    commits = try await SpreadCommits(context, partitions: 64)
  }

  mutating func measuredRound(_ round: Int) async throws -> Sample {
    try await commits.measuredRound(round)
  }

  mutating func baselineRound(_ round: Int) throws -> Sample? { try commits.baselineRound() }

  mutating func finish() async throws -> RowFigures { try await commits.finish() }
}

/// `commit-64-partitions-1000`: many more partitions than waiters.
struct Commit1000PartitionsRow: BenchmarkRow {
  static let description = RowDescription(
    name: "commit-64-partitions-1000",
    question: "The same 64 tasks going round 1,000 partitions, beside one partition of the same"
      + " store in turn. C: the same floor.",
    durability: "groupCommit", goals: [Goal(.ratioToOnePartition, must: 0.3, reachingFor: 0.6)],
    mostRounds: 7, leavesManyFiles: true)

  private var commits: SpreadCommits

  init(_ context: RowContext) async throws {
    commits = try await SpreadCommits(context, partitions: 1000)
  }

  mutating func measuredRound(_ round: Int) async throws -> Sample {
    try await commits.measuredRound(round)
  }

  mutating func baselineRound(_ round: Int) throws -> Sample? { try commits.baselineRound() }

  mutating func finish() async throws -> RowFigures { try await commits.finish() }
}
