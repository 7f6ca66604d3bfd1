import Testing

@testable import moldau_simulate

/// Whole clusters in worlds that go wrong.
struct ClusterTests {
  @Test("the same seed gives the same world", arguments: 0..<max(1, Seeds.count / 8))
  func repeats(seed: UInt64) {
    let runs = (0..<2).map { _ in
      let run = ClusterRun(seed: Seeds.only ?? seed, Scenario())
      run.world.trace.keepDetails()
      run.run()
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
  func schedules(block: UInt64) {
    for seed in Seeds.only.map({ [$0] }) ?? Array(block * 5..<block * 5 + 5) {
      let outcome = ScheduleOutcome(seed: seed, lineCount: Seeds.lineCount)
      guard let report = outcome.report else { continue }
      Issue.record("MOLDAU_SEED=\(seed): \(outcome.summary)")
      print(report)
    }
  }
}
