import ArgumentParser
import MoldauCommands

/// `moldau groups ls`
struct ListGroups: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls", abstract: "List the groups of a cluster.", aliases: ["list"])

  @OptionGroup var client: ClientOptions

  func run() throws {
    try client.run { context in try GroupList(context).run() }
  }
}
