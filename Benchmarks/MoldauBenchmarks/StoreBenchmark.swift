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

  /// Options that cannot be followed.
  public enum OptionError: Error, CustomStringConvertible {
    case unknownRow(String)
    case noRounds

    public var description: String {
      switch self {
      case .unknownRow(let name):
        "there is no row named \(name); the rows are \(rowNames.joined(separator: ", "))"
      case .noRounds: "a row needs at least one round"
      }
    }
  }

  /// The names of all rows, in the order in which they run.
  public static var rowNames: [String] { rows.map { $0.description.name } }

  /// Runs the rows and returns what they found; all data is removed again.
  public static func run(_ options: Options = Options()) async throws -> BenchmarkReport {
    guard options.rounds > 0 else { throw OptionError.noRounds }
    for name in options.only where !rowNames.contains(name) { throw OptionError.unknownRow(name) }
    let directory = try WorkingDirectory(inside: options.directory)
    do {
      let report = try await run(options, in: directory)
      try directory.remove()
      ProgressLine(isWanted: options.showsProgress).clear()
      return report
    } catch {
      try directory.remove()
      throw error
    }
  }

  private static func run(
    _ options: Options, in directory: WorkingDirectory
  ) async throws -> BenchmarkReport {
    let machine = MachineDescription(dataDirectory: directory.path)
    let progress = ProgressLine(isWanted: options.showsProgress)
    let runner = RowRunner(rounds: options.rounds, progress: progress)
    let start = ContinuousClock.now
    var results: [RowResult] = []
    for row in rows {
      let name = row.description.name
      guard options.only.isEmpty || options.only.contains(name) else { continue }
      let path = try directory.makeDirectory(name)
      let rowStart = ContinuousClock.now
      var result = try await runner.run(row, RowContext(directory: path, earlier: results))
      let rowSeconds = rowStart.duration(to: .now).inNanoseconds / 1e9
      result.figures.append(.init("rowSeconds", .number(rowSeconds)))
      results.append(result)
      if !row.description.leavesManyFiles { try directory.removeDirectory(path) }
    }
    progress.show("removing the data")
    let seconds = start.duration(to: .now).inNanoseconds / 1e9
    return BenchmarkReport(machine: machine, results: results, seconds: seconds)
  }
}
