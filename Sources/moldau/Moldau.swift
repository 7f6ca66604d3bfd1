import ArgumentParser

/// `moldau`: the store's and the broker's program.
@main
struct Moldau: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "moldau",
    abstract: "A crash-safe, segmented log store that Kafka clients can talk to.",
    discussion: """
      Exit codes: 0 all is well; 1 a problem was found, or the work failed; \
      64 the command line is wrong.
      """,
    version: "0.1.0",
    subcommands: [
      ServeCommand.self, ConfigCommand.self, TopicsCommand.self, ProduceCommand.self,
      ConsumeCommand.self, GroupsCommand.self, ClusterCommand.self, HealthCommand.self,
      DemoCommand.self, DevCommand.self, InspectCommand.self, VerifyCommand.self, BenchCommand.self,
      CompletionsCommand.self,
    ])
}
