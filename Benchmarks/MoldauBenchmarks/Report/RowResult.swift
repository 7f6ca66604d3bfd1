/// What a row of the benchmark found; a figure that does not apply is `nil`.
public struct RowResult: Sendable {
  /// The row's name, as `append-batch-16k`.
  public var name: String
  /// What an operation survived when it counted as done.
  public var durability: String?
  /// Medians over the rounds.
  public var operationsPerSecond: Double?
  public var recordsPerSecond: Double?
  /// Millions of bytes a second.
  public var megabytesPerSecond: Double?
  public var nanosecondsPerOperation: Double?
  /// The median over the pairs of rounds of the store's speed divided by C's.
  public var ratioToC: Double?
  /// Processor time of all the process's threads in a round of the store's (median).
  public var cpuSeconds: Double?
  /// The most memory that was resident during a round of the store's (largest of the rounds).
  public var peakMemoryBytes: Int?
  /// The rounds that the medians are taken over.
  public var rounds: Int
  /// Further figures, in order, by their JSON names.
  package var figures: [JSONValue.Member] = []
  package var question: String
  package var goals: [GoalResult] = []

  /// A goal beside what was measured.
  package struct GoalResult: Sendable {
    package var goal: Goal
    package var value: Double

    package var verdict: Goal.Verdict { goal.verdict(on: value) }
  }

  package var json: JSONValue {
    let goals = goals.map { result in
      JSONValue.object([
        .init("goal", .string(result.goal.text)),
        .init("measured", .number(result.value)),
        .init("verdict", .string(result.verdict.rawValue)),
      ])
    }
    let members: [JSONValue.Member] = [
      .init("name", .string(name)),
      .init("durability", .optional(durability)),
      .init("operationsPerSecond", .optional(operationsPerSecond)),
      .init("recordsPerSecond", .optional(recordsPerSecond)),
      .init("megabytesPerSecond", .optional(megabytesPerSecond)),
      .init("nanosecondsPerOperation", .optional(nanosecondsPerOperation)),
      .init("ratioToC", .optional(ratioToC)),
      .init("cpuSeconds", .optional(cpuSeconds)),
      .init("peakMemoryBytes", .optional(peakMemoryBytes)),
      .init("rounds", .integer(rounds)),
    ]
    return .object(members + figures + [.init("goals", .array(goals))])
  }
}
