/// A row of a benchmark: one question, asked of the store or the broker and of C in turn.
protocol BenchmarkRow: SendableMetatype {
  static var description: RowDescription { get }

  /// Prepares the data; nothing of it is timed.
  init(_ context: RowContext) async throws

  /// Runs one round of the store's or the broker's.
  mutating func measuredRound(_ round: Int) async throws -> Sample

  /// Runs one round of the same work in C; `nil` when the row has no baseline.
  mutating func baselineRound(_ round: Int) async throws -> Sample?

  /// Closes what is open and returns figures of the row's own.
  mutating func finish() async throws -> RowFigures
}

struct RowDescription: Sendable {
  var name: String
  /// What the row means, in a sentence.
  var question: String
  /// What a completed operation survives; `nil` for rows that write nothing.
  var durability: String?
  var goals: [Goal]
  /// The rounds without counting that come first.
  var warmUpRounds = 1
  /// Caps the rounds of a row whose rounds are long.
  var mostRounds = Int.max
  /// Whether the row makes so many files that they are removed after the run only: a file system may
  /// be slow to reuse what was freed a moment ago, which the next row would feel.
  var leavesManyFiles = false
}

/// What a row needs to know of the run.
struct RowContext: Sendable {
  /// An empty directory of the row's own; removed after the row.
  var directory: String
  /// Figures of the rows that ran before, by their name.
  var earlier: [RowResult] = []
  /// Which broker is measured; the store's rows have none.
  var broker = BrokerChoice.none
}

/// A row's own figures.
struct RowFigures {
  /// Values for goals other than the ones that follow from the samples.
  var goalValues: [(figure: Goal.Figure, value: Double)] = []
  /// Members for the JSON object.
  var members: [JSONValue.Member] = []
}
