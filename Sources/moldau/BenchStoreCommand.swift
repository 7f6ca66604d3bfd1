import ArgumentParser
import MoldauBenchmarks

/// `moldau bench store`
struct BenchStore: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store",
    abstract: "Measure the segment store beside a C log that does the same work.",
    discussion: """
      Every row runs in rounds: one of the store's, one of C's, in turn, in this process and on \
      the same file system. Figures are medians; a ratio is the median of the pairs' ratios. \
      The data is written below --dir and removed afterwards.
      """)

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  @Option(help: "The pairs of rounds of each row.")
  var rounds = 7

  @Option(help: "Run only this row; may be given several times.")
  var only: [String] = []

  @Option(
    help: "The directory for the data (default: the system's temporary directory).",
    completion: .directory)
  var dir: String?

  func run() async throws {
    var options = StoreBenchmark.Options()
    options.rounds = rounds
    options.only = only
    options.directory = dir
    do {
      let report = try await StoreBenchmark.run(options)
      print(json ? report.json : report.table)
    } catch let error as BenchmarkOptionError {
      throw ValidationError(error.description)
    }
  }
}
