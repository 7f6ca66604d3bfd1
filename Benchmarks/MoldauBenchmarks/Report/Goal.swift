/// What a row's figure must reach, and what we reach for.
package struct Goal: Equatable, Sendable {
  /// The figures that goals speak of.
  package enum Figure: Equatable, Sendable {
    case ratioToC
    case ratioToOnePartition
    case ratioToOneBroker
    case recordsPerSecond
    case bytesPerSecond
    case nanosecondsPerOperation
    case memoryBytes
    case cpuNanosecondsPerRecord
    case latencyP99Nanoseconds
    /// A latency in syncs of the device, as they took in the same run.
    case latencyP99Syncs
  }

  package enum Verdict: String, Sendable {
    /// What we reach for is reached.
    case reached
    /// What must be reached is.
    case met
    case missed
  }

  package var figure: Figure
  /// The least (or most) that will do; `nil` when the goal is only reached for.
  package var must: Double?
  package var reachingFor: Double

  package init(_ figure: Figure, must: Double?, reachingFor: Double) {
    self.figure = figure
    self.must = must
    self.reachingFor = reachingFor
  }

  package func verdict(on value: Double) -> Verdict {
    if reaches(value, reachingFor) { return .reached }
    guard let must else { return .met }
    return reaches(value, must) ? .met : .missed
  }

  private func reaches(_ value: Double, _ bound: Double) -> Bool {
    isBetterHigher ? value >= bound : value <= bound
  }

  private var isBetterHigher: Bool {
    switch figure {
    case .ratioToC, .ratioToOnePartition, .ratioToOneBroker, .recordsPerSecond, .bytesPerSecond:
      true
    case .nanosecondsPerOperation, .memoryBytes, .cpuNanosecondsPerRecord,
      .latencyP99Nanoseconds, .latencyP99Syncs:
      false
    }
  }

  /// The goal in words, as "must ≥ 0.80 of C, reaching for ≥ 0.95 of C".
  package var text: String {
    let sign = isBetterHigher ? "≥" : "≤"
    let reaching = "reaching for \(sign) \(format(reachingFor))"
    return must.map { "must \(sign) \(format($0)), \(reaching)" } ?? reaching
  }

  /// Writes a value of the goal's figure with its unit.
  package func format(_ value: Double) -> String {
    switch figure {
    case .ratioToC: "\(Quantity.decimals(value, 2)) of C"
    case .ratioToOnePartition: "\(Quantity.decimals(value, 2)) of one partition"
    case .ratioToOneBroker: "\(Quantity.decimals(value, 2)) of one broker"
    case .recordsPerSecond: "\(Quantity.count(value)) records/s"
    case .bytesPerSecond: "\(Quantity.bytes(value))/s"
    case .nanosecondsPerOperation: Quantity.time(nanoseconds: value)
    case .memoryBytes: Quantity.bytes(value)
    case .cpuNanosecondsPerRecord: "\(Quantity.time(nanoseconds: value)) of CPU a record"
    case .latencyP99Nanoseconds: "p99 \(Quantity.time(nanoseconds: value))"
    case .latencyP99Syncs: "p99 \(Quantity.decimals(value, 1)) syncs"
    }
  }
}
