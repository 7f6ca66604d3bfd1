import ArgumentParser
import Dispatch
import Synchronization

/// Runs many schedules, as many at a time as there are processors, and tells which were broken.
@main
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "moldau-simulate", abstract: "Runs random schedules of whole clusters.")

  @Option(help: "The seed of a schedule that is to be run again, alone.")
  var seed: UInt64?

  @Option(help: "The first seed.")
  var from: UInt64 = 0

  @Option(help: "How many schedules are run.")
  var schedules: UInt64 = 100

  @Option(help: "How many are run at a time.")
  var jobs = 2

  @Option(help: "How many of the last events are shown of a broken one.")
  var lines = 80

  @ArgumentParser.Flag(help: "Shows all events in detail, and a line for each schedule.")
  var verbose = false

  func run() throws {
    let seeds = seed.map { $0..<$0 + 1 } ?? from..<from + schedules
    let next = Atomic<UInt64>(seeds.lowerBound)
    let tally = Mutex(Tally())
    DispatchQueue.concurrentPerform(iterations: jobs) { _ in
      while true {
        let seed = next.add(1, ordering: .relaxed).oldValue
        guard seed < seeds.upperBound else { return }
        let outcome = ScheduleOutcome(seed: seed, isDetailed: verbose, lineCount: lines)
        tally.withLock { $0.add(outcome, isVerbose: verbose) }
      }
    }
    try tally.withLock { tally in
      tally.sum()
      if !tally.broken.isEmpty { throw ExitCode.failure }
    }
  }
}

/// What became of many schedules.
private struct Tally {
  var broken: [UInt64] = []
  private var count = 0
  private var stepCount = 0
  private var acknowledgedCount = 0

  mutating func add(_ outcome: ScheduleOutcome, isVerbose: Bool) {
    count += 1
    stepCount += outcome.stepCount
    acknowledgedCount += outcome.acknowledgedCount
    if isVerbose { print(outcome.summary) }
    guard let report = outcome.report else { return }
    broken.append(outcome.seed)
    print(report)
  }

  func sum() {
    print(
      "\(count) schedules, \(stepCount) events, \(acknowledgedCount) records acknowledged: "
        + (broken.isEmpty ? "all held" : "broken: \(broken.sorted())"))
  }
}
