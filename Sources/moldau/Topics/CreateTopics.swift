import ArgumentParser
import MoldauClient
import MoldauCommands

/// `moldau topics create`
struct CreateTopics: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create topics.",
    discussion: "Settings are Kafka's, as in --config retention.ms=86400000.")

  @Argument(help: "The topics' names.")
  var topics: [String]

  @Option(name: [.long, .customShort("p")], help: "How many partitions (default: the broker's).")
  var partitions: Int32?

  @Option(help: "How many replicas of each partition (default: the broker's).")
  var replicationFactor: Int16?

  @Option(
    name: [.long, .customShort("c")],
    help: ArgumentHelp("A setting; may be given several times.", valueName: "name=value"),
    transform: parseAssignment)
  var config: [Assignment] = []

  @Flag(help: "A topic that is there already is left as it is, and no failure.")
  var ifNotExists = false

  @OptionGroup var client: ClientOptions

  func validate() throws {
    if let partitions, partitions < 1 { throw ValidationError("--partitions: at least 1") }
    if let replicationFactor, replicationFactor < 1 {
      throw ValidationError("--replication-factor: at least 1")
    }
  }

  func run() throws {
    try client.run { context in
      var plan = KafkaConnection.TopicPlan(name: "")
      plan.partitionCount = partitions
      plan.replicationFactor = replicationFactor
      plan.configuration = config.map { ($0.name, $0.value) }
      try TopicChanges(context).create(topics, plan, toleratesExisting: ifNotExists)
    }
  }
}
