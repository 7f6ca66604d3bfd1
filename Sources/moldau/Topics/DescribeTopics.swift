import ArgumentParser
import MoldauCommands

/// `moldau topics describe`
struct DescribeTopics: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Show a topic's partitions with their offsets and sizes, and its settings.")

  @Argument(help: "The topics' names.", completion: .custom(topicNames))
  var topics: [String]

  @Flag(help: "Show settings that have their defaults too.")
  var all = false

  @OptionGroup var client: ClientOptions

  func run() throws {
    try client.run { context in try TopicDescription(context, showsDefaults: all).run(topics) }
  }
}
