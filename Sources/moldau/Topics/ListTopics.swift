import ArgumentParser
import MoldauCommands

/// `moldau topics ls`
struct ListTopics: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the topics of a cluster.", aliases: ["list"])

  @Flag(help: "Show topics of the brokers' own too, such as __consumer_offsets.")
  var all = false

  @OptionGroup var client: ClientOptions

  func run() throws {
    try client.run { context in try TopicList(context, showsInternal: all).run() }
  }
}
