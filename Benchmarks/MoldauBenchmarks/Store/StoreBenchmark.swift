/// `moldau bench store`: what the store does in a second, beside C doing the same work.
///
/// Each row asks one question, in rounds: a round of the store's and a round of C's, in turn, in
/// the same process and the same directory. A ratio is the median of the ratios of the pairs, so
/// that what disturbs the machine for a while disturbs both sides.
public enum StoreBenchmark {
  public struct Options: Sendable {
    /// The pairs of rounds of a row (fewer in rows whose rounds are long).
    public var rounds = 7
    /// The names of the rows to run; all when empty.
    public var only: [String] = []
    /// Where the data goes, by default the system's temporary directory. What is measured is the
    /// file system there.
    public var directory: String?
    /// Whether to say on a terminal how far the run is.
    public var showsProgress = true

    public init() {}
  }

  /// The names of all rows, in the order in which they run.
  public static var rowNames: [String] { rows.map { $0.description.name } }

  /// Runs the rows and returns what they found; all data is removed again.
  public static func run(_ options: Options = Options()) async throws -> BenchmarkReport {
    try BenchmarkOptionError.check(rounds: options.rounds, only: options.only, known: rowNames)
    let wanted = rows.filter { row in
      options.only.isEmpty || options.only.contains(row.description.name)
    }
    return try await BenchmarkRun.run(
      wanted, rounds: options.rounds, inside: options.directory,
      showsProgress: options.showsProgress)
  }
}
