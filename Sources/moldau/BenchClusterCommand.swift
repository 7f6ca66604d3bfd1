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

  @Option(help: "The rounds of each row.")
  var rounds = 5

  @OptionGroup var bench: BenchOptions

  func run() async throws {
    DescriptorLimit.raise()
    var options = ClusterBenchmark.Options(program: "/proc/self/exe")
    options.rounds = rounds
    options.only = bench.only
    options.directory = bench.dir
    let measured = options
    try await bench.print { try await ClusterBenchmark.run(measured) }
  }
}
