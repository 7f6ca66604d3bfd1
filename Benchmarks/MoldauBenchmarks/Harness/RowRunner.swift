/// Runs a row's rounds in pairs and takes the medians.
struct RowRunner {
  let rounds: Int
  let progress: ProgressLine

  func run(_ row: any BenchmarkRow.Type, _ context: RowContext) async throws -> RowResult {
    let description = row.description
    ResidentMemory.releaseFreed()
    progress.show("\(description.name): preparing")
    var row = try await row.init(context)
    let rounds = min(rounds, description.mostRounds)
    for round in 0..<description.warmUpRounds {
      _ = try await row.measuredRound(round)
      _ = try await row.baselineRound(round)
    }
    var pairs: [(store: Sample, baseline: Sample?)] = []
    for round in 0..<rounds {
      progress.show("\(description.name): round \(round + 1) of \(rounds)")
      let number = round + description.warmUpRounds
      // Who goes first changes from pair to pair, so that a drift favours neither.
      if round % 2 == 0 {
        let store = try await row.measuredRound(number)
        pairs.append((store, try await row.baselineRound(number)))
      } else {
        let baseline = try await row.baselineRound(number)
        pairs.append((try await row.measuredRound(number), baseline))
      }
    }
    progress.show("\(description.name): closing")
    return Self.summary(of: pairs, description, try await row.finish())
  }

  private static func summary(
    of pairs: [(store: Sample, baseline: Sample?)], _ description: RowDescription,
    _ figures: RowFigures
  ) -> RowResult {
    let store = pairs.map(\.store)
    let baseline = pairs.compactMap(\.baseline)
    func median(_ figure: (Sample) -> Double) -> Double? { Statistics.median(store.map(figure)) }
    let writesRecords = store.contains { $0.records > 0 }
    let movesBytes = store.contains { $0.bytes > 0 }
    let ratios = pairs.compactMap { pair in
      pair.baseline.map { pair.store.operationsPerSecond / $0.operationsPerSecond }
    }
    let cpuRatios = pairs.compactMap { pair in
      pair.baseline.map { $0.cpuNanosecondsPerOperation / pair.store.cpuNanosecondsPerOperation }
    }
    var result = RowResult(
      name: description.name, durability: description.durability,
      operationsPerSecond: median(\.operationsPerSecond),
      recordsPerSecond: writesRecords ? median(\.recordsPerSecond) : nil,
      megabytesPerSecond: movesBytes ? median(\.megabytesPerSecond) : nil,
      nanosecondsPerOperation: median(\.nanosecondsPerOperation),
      ratioToC: Statistics.median(ratios), cpuSeconds: median { $0.cpuNanoseconds / 1e9 },
      peakMemoryBytes: store.compactMap(\.peakMemoryBytes).max(), rounds: pairs.count,
      question: description.question)
    result.figures = members(store, baseline, ratios, cpuRatios) + figures.members
    result.goals = description.goals.compactMap { goal in
      value(of: goal.figure, in: result, figures).map { .init(goal: goal, value: $0) }
    }
    return result
  }

  private static func members(
    _ store: [Sample], _ baseline: [Sample], _ ratios: [Double], _ cpuRatios: [Double]
  ) -> [JSONValue.Member] {
    func median(_ samples: [Sample], _ figure: (Sample) -> Double) -> JSONValue {
      .optional(Statistics.median(samples.map(figure)))
    }
    let latencies = store.flatMap(\.latencies)
    var members: [JSONValue.Member] = [
      .init("operationsPerRound", median(store) { Double($0.operations) }),
      .init("cpuNanosecondsPerOperation", median(store, \.cpuNanosecondsPerOperation)),
      .init("baselineNanosecondsPerOperation", median(baseline, \.nanosecondsPerOperation)),
      .init("baselineRecordsPerSecond", median(baseline, \.recordsPerSecond)),
      .init("baselineCPUNanosecondsPerOperation", median(baseline, \.cpuNanosecondsPerOperation)),
      // Steadier than the ratio of the times where other work keeps the processors busy.
      .init("cpuRatioToC", .optional(Statistics.median(cpuRatios))),
      .init("lowestRatioToC", .optional(ratios.min())),
      .init("highestRatioToC", .optional(ratios.max())),
    ]
    for (name, percent) in [("latencyP50Nanoseconds", 50.0), ("latencyP99Nanoseconds", 99)] {
      let value = Statistics.percentile(percent, of: latencies)
      if value != nil { members.append(.init(name, .optional(value))) }
    }
    return members
  }

  private static func value(
    of figure: Goal.Figure, in result: RowResult, _ figures: RowFigures
  ) -> Double? {
    if let own = figures.goalValues.first(where: { $0.figure == figure }) { return own.value }
    switch figure {
    case .ratioToC: return result.ratioToC
    case .recordsPerSecond: return result.recordsPerSecond
    case .bytesPerSecond: return result.megabytesPerSecond.map { $0 * 1e6 }
    case .nanosecondsPerOperation: return result.nanosecondsPerOperation
    case .memoryBytes: return result.peakMemoryBytes.map(Double.init)
    case .ratioToOnePartition, .ratioToOneBroker, .cpuNanosecondsPerRecord, .latencyP99Nanoseconds,
      .latencyP99Syncs:
      return nil
    }
  }
}
