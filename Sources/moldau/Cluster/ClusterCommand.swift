import ArgumentParser

/// `moldau cluster`
struct ClusterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cluster",
    abstract: "Look at a cluster, move replicas, elect leaders.",
    subcommands: [
      ShowCluster.self, ElectLeaders.self, ReassignPartitions.self, SetForAllBrokers.self,
    ])
}
