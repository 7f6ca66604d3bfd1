import ArgumentParser

/// `moldau bench`
struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure this machine beside a C baseline of the same work.",
    subcommands: [BenchStore.self, BenchBroker.self, BenchCluster.self])
}
