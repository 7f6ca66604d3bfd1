import ArgumentParser
import MoldauCommands

/// `moldau cluster elect`
struct ElectLeaders: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "elect",
    abstract: "Give partitions their preferred leaders, or leaders that lose records.",
    discussion: """
      The preferred leader is the first of a partition's replicas; it must be in sync. With \
      --unclean a partition that nobody can lead gets a leader that may lack acknowledged records, \
      which are lost then: name the partitions.
      """)

  @Argument(help: "TOPIC:PARTITION (default: all).")
  var partitions: [String] = []

  @Flag(help: "Take a replica that may lack acknowledged records.")
  var unclean = false

  @OptionGroup var client: ClientOptions

  func validate() throws {
    guard !unclean || !partitions.isEmpty else {
      throw ValidationError("--unclean loses records: name the partitions")
    }
  }

  func run() throws {
    try client.run { context in
      let named = try partitions.map { text throws(ArgumentFailure) in
        try PartitionText.partition(text)
      }
      let isWell = try LeaderElection(context).run(
        named.isEmpty ? nil : named, isUnclean: unclean)
      if !isWell { throw ExitCode.failure }
    }
  }
}
