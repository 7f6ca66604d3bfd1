import ArgumentParser
import MoldauBenchmarks

/// What all of `moldau bench` can be told, beside how many rounds.
struct BenchOptions: ParsableArguments {
  @Flag(help: "Print JSON instead of a table.")
  var json = false

  @Option(help: "Run only this row; may be given several times.")
  var only: [String] = []

  @Option(
    help: "The directory for the data (default: the system's temporary directory).",
    completion: .directory)
  var dir: String?

  /// Prints what is measured.
  func print(_ measure: () async throws -> BenchmarkReport) async throws {
    do {
      let report = try await measure()
      Swift.print(json ? report.json : report.table)
    } catch let error as BenchmarkOptionError {
      throw ValidationError(error.description)
    }
  }
}
