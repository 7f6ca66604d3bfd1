import ArgumentParser
import MoldauCommands

/// `moldau cluster set`
struct SetForAllBrokers: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Set what holds for all brokers while they run; without arguments, show it.",
    discussion: """
      min.insync.replicas and unclean.leader.election.enable can be set so. A topic's own setting \
      counts before them, and what a broker was started with behind them.
      """)

  @Argument(
    help: ArgumentHelp("A setting.", valueName: "name=value"), transform: parseAssignment)
  var settings: [Assignment] = []

  @Option(
    help: ArgumentHelp(
      "A setting that is to have its default again; may be given several times.",
      valueName: "name"))
  var unset: [String] = []

  @OptionGroup var client: ClientOptions

  func run() throws {
    try client.run { context in
      let all = AllBrokersSettings(context)
      if settings.isEmpty, unset.isEmpty {
        try all.show()
      } else {
        try all.alter(set: settings, unset: unset)
      }
    }
  }
}
