import ArgumentParser
import MoldauBenchmarks

/// `moldau bench cluster`
struct BenchCluster: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Measure a cluster on this machine: failover, replication, catching up.",
    discussion: """
      Every row starts three ZooKeeper servers, from Debian's packages zookeeper and \
      default-jre-headless, and brokers of this program as processes of this machine, and ends \
      them again.
      """)

  @Flag(help: "Print JSON instead of a table.")
  var json = false

  @Option(help: "The rounds of each row.")
  var rounds = 5

  @Option(help: "Run only this row; may be given several times.")
  var only: [String] = []

  @Option(
    help: "The directory for the data (default: the system's temporary directory).",
    completion: .directory)
  var dir: String?

  func run() async throws {
    DescriptorLimit.raise()
    var options = ClusterBenchmark.Options(program: "/proc/self/exe")
    options.rounds = rounds
    options.only = only
    options.directory = dir
    do {
      let report = try await ClusterBenchmark.run(options)
      print(json ? report.json : report.table)
    } catch let error as BenchmarkOptionError {
      throw ValidationError(error.description)
    }
  }
}
