import ArgumentParser
import MoldauCommands

/// `moldau groups delete`
struct DeleteGroups: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete",
    abstract: "Delete groups that have no members, or what they have committed of some topics.")

  @Argument(help: "The groups' names.")
  var groups: [String]

  @Option(
    help: "Forget only the offsets of this topic; may be given several times.",
    completion: .custom(topicNames))
  var topic: [String] = []

  @OptionGroup var client: ClientOptions

  func run() throws {
    try client.run { context in try GroupDeletion(context).run(groups, topics: topic) }
  }
}
