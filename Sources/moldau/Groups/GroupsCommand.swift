import ArgumentParser

/// `moldau groups`
struct GroupsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "groups",
    abstract: "List and describe consumer groups, set how far they are, delete them.",
    subcommands: [ListGroups.self, DescribeGroups.self, SeekGroup.self, DeleteGroups.self])
}
