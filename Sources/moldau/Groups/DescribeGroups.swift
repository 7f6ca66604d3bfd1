import ArgumentParser
import MoldauCommands

/// `moldau groups describe`
struct DescribeGroups: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Show a group's members, and of each partition how far the group is behind.")

  @Argument(help: "The groups' names.")
  var groups: [String]

  @OptionGroup var client: ClientOptions

  func run() throws {
    try client.run { context in try GroupDescription(context).run(groups) }
  }
}
