/// What became of one schedule.
struct ScheduleOutcome: Sendable {
  let seed: UInt64
  let stepCount: Int
  let acknowledgedCount: Int
  let summary: String
  /// What is wrong, what led to it, and how the cluster was; nil when nothing is.
  let report: String?

  /// Runs the schedule of a seed.
  init(seed: UInt64, isDetailed: Bool = false, lineCount: Int = 80) {
    let run = ClusterRun(seed: seed, .drawn(from: seed))
    if isDetailed { run.world.trace.keepDetails() }
    run.run()
    self.seed = seed
    stepCount = run.world.stepCount
    acknowledgedCount = run.history.acknowledgedCount
    let verdict = run.history.violation.map { "\($0)" } ?? "held"
    summary =
      "seed \(seed): \(stepCount) steps, \(run.world.now / 1000) ms, "
      + "\(acknowledgedCount) acknowledged, \(verdict)"
    guard run.history.violation != nil else {
      report = nil
      return
    }
    let details = run.world.trace.details?.suffix(lineCount) ?? []
    report = ([summary] + run.world.trace.last(lineCount) + [run.atEnd] + details)
      .joined(separator: "\n")
  }
}
