import ArgumentParser
import MoldauCommands

/// `moldau topics delete`
struct DeleteTopics: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete topics with all their records.")

  @Argument(help: "The topics' names.", completion: .custom(topicNames))
  var topics: [String]

  @Flag(help: "A topic that is not there is no failure.")
  var ifExists = false

  @OptionGroup var client: ClientOptions

  func run() throws {
    try client.run { context in
      try TopicChanges(context).delete(topics, toleratesMissing: ifExists)
    }
  }
}
