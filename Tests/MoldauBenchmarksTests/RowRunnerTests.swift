import Synchronization
import Testing

@testable import MoldauBenchmarks

struct RowRunnerTests {
  /// A row whose rounds take what a script says.
  struct ScriptedRow: BenchmarkRow {
    static let description = RowDescription(
      name: "scripted", question: "", durability: "none",
      goals: [
        Goal(.ratioToC, must: 0.5, reachingFor: 2),
        Goal(.ratioToOnePartition, must: 0.5, reachingFor: 0.8),
      ])
    static let order = Mutex<[String]>([])

    init(_ context: RowContext) {}

    mutating func measuredRound(_ round: Int) -> Sample {
      Self.order.withLock { $0.append("store \(round)") }
      return sample(nanoseconds: [1e9, 2, 100, 4][round])
    }

    mutating func baselineRound(_ round: Int) -> Sample? {
      Self.order.withLock { $0.append("baseline \(round)") }
      return sample(nanoseconds: [1, 1, 10, 4][round])
    }

    mutating func finish() -> RowFigures {
      RowFigures(
        goalValues: [(.ratioToOnePartition, 0.7)], members: [.init("extra", .integer(7))])
    }

    private func sample(nanoseconds: Double) -> Sample {
      Sample(
        operations: 1, records: 10, bytes: 0, nanoseconds: nanoseconds, cpuNanoseconds: 5,
        peakMemoryBytes: Int(nanoseconds))
    }
  }

  @Test("ratios are taken pair by pair, sides take turns in going first, warm-up does not count")
  func pairs() async throws {
    let runner = RowRunner(rounds: 3, progress: ProgressLine(isWanted: false))
    let result = try await runner.run(ScriptedRow.self, RowContext(directory: "unused"))
    #expect(
      ScriptedRow.order.withLock { $0 } == [
        "store 0", "baseline 0", "store 1", "baseline 1", "baseline 2", "store 2", "store 3",
        "baseline 3",
      ])
    // The pairs' ratios are 1/2, 1/10 and 1.
    #expect(result.ratioToC == 0.5)
    #expect(result.nanosecondsPerOperation == 4)
    #expect(result.recordsPerSecond == 2.5e9)
    #expect(result.megabytesPerSecond == nil)
    #expect(result.peakMemoryBytes == 100)
    #expect(result.figures.last == .init("extra", .integer(7)))
    #expect(result.goals.map(\.verdict) == [.met, .met])
  }

  @Test("options that cannot be followed are refused")
  func options() async {
    var options = StoreBenchmark.Options()
    options.only = ["no-such-row"]
    await #expect(throws: BenchmarkOptionError.self) { try await StoreBenchmark.run(options) }
    options = StoreBenchmark.Options()
    options.rounds = 0
    await #expect(throws: BenchmarkOptionError.self) { try await StoreBenchmark.run(options) }
  }
}
