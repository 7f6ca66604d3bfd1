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

  @Option(help: "The pairs of rounds of each row.")
  var rounds = 7

  @OptionGroup var bench: BenchOptions

  func run() async throws {
    var options = StoreBenchmark.Options()
    options.rounds = rounds
    options.only = bench.only
    options.directory = bench.dir
    let measured = options
    try await bench.print { try await StoreBenchmark.run(measured) }
  }
}
