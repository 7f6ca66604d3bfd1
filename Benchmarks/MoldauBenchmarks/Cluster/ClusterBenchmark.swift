import MoldauEnsemble

/// `moldau bench cluster`: how fast a cluster takes over, and what its replicas cost.
///
/// A row starts three ZooKeeper servers and brokers of this program as processes on this machine, and
/// measures them from outside.
public enum ClusterBenchmark {
  public struct Options: Sendable {
    /// The rounds of a row (fewer in rows whose rounds are long).
    public var rounds = 5
    /// The names of the rows to run; all when empty.
    public var only: [String] = []
    /// Where the data goes, by default the system's temporary directory.
    public var directory: String?
    /// Whether to say on a terminal how far the run is.
    public var showsProgress = true
    /// The program that `serve`s.
    public var program: String

    public init(program: String) {
      self.program = program
    }
  }

  /// The names of all rows, in the order in which they run.
  public static var rowNames: [String] { rows.map { $0.description.name } }

  /// Runs the rows and returns what they found; all processes are ended and all data is removed.
  public static func run(_ options: Options) async throws -> BenchmarkReport {
    try BenchmarkOptionError.check(rounds: options.rounds, only: options.only, known: rowNames)
    let wanted = rows.filter { row in
      options.only.isEmpty || options.only.contains(row.description.name)
    }
    return try await BenchmarkRun.run(
      wanted, rounds: options.rounds, inside: options.directory,
      showsProgress: options.showsProgress, broker: .started(program: options.program))
  }
}
