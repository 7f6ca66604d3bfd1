import MoldauLog
import Testing

/// Whole clusters in worlds that go wrong.
struct ClusterTests {
  @Test("the same seed gives the same world", arguments: 0..<3)
  func repeats(seed: UInt64) throws {
    let runs = try (0..<2).map { _ in
      let run = ClusterRun(seed: Seeds.only ?? seed, Scenario())
      run.world.trace.keepDetails()
      try run.run()
      return run.world.trace
    }
    let (first, second) = (runs[0].details ?? [], runs[1].details ?? [])
    if let place = zip(first, second).enumerated().first(where: { $1.0 != $1.1 })?.offset {
      let from = max(0, place - 12)
      Issue.record(
        """
        seed \(seed) parts at event \(place):
        \(first[from...min(place + 3, first.count - 1)].joined(separator: "\n"))
        or
        \(second[from...min(place + 3, second.count - 1)].joined(separator: "\n"))
        """)
    }
    #expect(runs[0].fingerprint == runs[1].fingerprint)
  }

  @Test("what is committed stays, whatever goes wrong", arguments: 0..<(Seeds.count / 5))
  func schedules(block: UInt64) throws {
    for seed in Seeds.only.map({ [$0] }) ?? Array(block * 5..<block * 5 + 5) {
      var scenario = Scenario()
      if seed % 3 == 2 { scenario.durability = .buffered }
      let run = ClusterRun(seed: seed, scenario)
      if Seeds.only != nil { run.world.trace.keepDetails() }
      try run.run()
      if Seeds.isVerbose {
        print(
          "seed \(seed): \(run.world.stepCount) steps, \(run.world.now / 1000) ms, "
            + "\(run.history.acknowledgedCount) acknowledged, "
            + "\(run.history.violation.map { "\($0)" } ?? "held")")
      }
      if let violation = run.history.violation {
        Issue.record("MOLDAU_SEED=\(seed), step \(run.world.stepCount): \(violation)")
        for line in run.world.trace.last(Seeds.lineCount) { print(line) }
        print(run.condition)
        for line in run.world.trace.details?.suffix(Seeds.lineCount) ?? [] { print(line) }
      }
    }
  }
}
