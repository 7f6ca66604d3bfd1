import ArgumentParser
import MoldauCommands

/// `moldau topics alter`
struct AlterTopic: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "alter", abstract: "Change a topic's settings, or add partitions to it.",
    discussion: """
      Partitions cannot be taken away. Where records have keys, further partitions change which \
      partition a key's records go to from then on.
      """)

  @Argument(help: "The topic's name.", completion: .custom(topicNames))
  var topic: String

  @Option(
    name: [.long, .customShort("c")],
    help: ArgumentHelp("A setting; may be given several times.", valueName: "name=value"),
    transform: parseAssignment)
  var config: [Assignment] = []

  @Option(
    help: ArgumentHelp(
      "A setting that is to have its default again; may be given several times.",
      valueName: "name"))
  var unset: [String] = []

  @Option(name: [.long, .customShort("p")], help: "How many partitions it is to have in all.")
  var partitions: Int32?

  @OptionGroup var client: ClientOptions

  func validate() throws {
    guard !config.isEmpty || !unset.isEmpty || partitions != nil else {
      throw ValidationError("say what to change: --config, --unset or --partitions")
    }
    if let partitions, partitions < 1 { throw ValidationError("--partitions: at least 1") }
  }

  func run() throws {
    try client.run { context in
      try TopicChanges(context).alter(
        topic, .init(set: config, unset: unset, partitionCount: partitions))
    }
  }
}
