import ArgumentParser
import MoldauCommands

/// `moldau health`
struct HealthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "health",
    abstract: "Check that brokers can be reached and that every partition has a leader.",
    discussion: """
      Connects to each broker by the address that it tells its clients, too, so that a wrong one \
      is found. Exit codes: 0 all is well; 1 something is wrong; 64 the command line is wrong.
      """)

  @Option(
    help: ArgumentHelp("Wait up to so long until all is well.", valueName: "duration"),
    transform: parseDuration)
  var wait: Int64 = 0

  @OptionGroup var client: ClientOptions

  func run() throws {
    let stop = StopFlag()
    try client.run { context in
      var options = client.connectionOptions
      if wait > 0 {
        options.connectTimeoutMilliseconds = min(options.connectTimeoutMilliseconds, 2_000)
        options.timeoutMilliseconds = min(options.timeoutMilliseconds, 5_000)
      }
      let check = HealthCheck(context, addresses: try client.addresses(), options)
      let isWell = try check.run(waitMilliseconds: wait) { stop.isSet }
      if !isWell { throw ExitCode.failure }
    }
  }
}
