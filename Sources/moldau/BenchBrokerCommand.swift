import ArgumentParser
import MoldauBenchmarks

/// `moldau bench broker`
struct BenchBroker: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "broker",
    abstract: "Measure a broker from outside: rates, latencies, processor time, memory.",
    discussion: """
      Every row starts a broker of this program on an empty directory, and measures it over the \
      loopback, beside servers in C where there is something to compare. With --broker the rows \
      measure a broker that is there, this one or another one that speaks Kafka's protocol; \
      --pid names its process, for its processor time and memory. Topics named bench-… are left \
      in it.
      """)

  @Option(help: "The rounds of each row.")
  var rounds = 5

  @OptionGroup var bench: BenchOptions

  @Option(help: ArgumentHelp("Measure this broker.", valueName: "host:port"))
  var broker: String?

  @Option(help: "The process of the broker that is measured.")
  var pid: Int32?

  func validate() throws {
    guard pid == nil || broker != nil else { throw ValidationError("--pid needs --broker") }
  }

  func run() async throws {
    DescriptorLimit.raise()
    var options = BrokerBenchmark.Options(program: "/proc/self/exe")
    options.rounds = rounds
    options.only = bench.only
    options.directory = bench.dir
    options.address = broker
    options.pid = pid
    let measured = options
    try await bench.print { try await BrokerBenchmark.run(measured) }
  }
}
