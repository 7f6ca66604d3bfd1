import ArgumentParser

/// `moldau topics`
struct TopicsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topics",
    abstract: "List, create, describe, alter and delete topics.",
    subcommands: [
      ListTopics.self, CreateTopics.self, DescribeTopics.self, AlterTopic.self, DeleteTopics.self,
    ])
}
