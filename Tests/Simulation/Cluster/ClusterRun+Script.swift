import MoldauCluster

/// Steps of schedules that are not left to chance.
extension ClusterRun {
  /// Lets something happen so many milliseconds after the script has begun.
  func at(_ milliseconds: Int64, _ action: @escaping (ClusterRun) -> Void) {
    world.after(milliseconds * 1000) { [weak self] in
      if let self, !faultsAreOver { action(self) }
    }
  }

  func node(_ id: Int32) -> Node { nodes[Int(id) - 1] }

  func block(_ first: Int32, _ second: Int32) {
    world.note("\(first) and \(second) do not reach each other")
    network.block(from: Host(first), to: Host(second))
    network.block(from: Host(second), to: Host(first))
  }

  func unblock(_ first: Int32, _ second: Int32) {
    world.note("\(first) and \(second) reach each other again")
    network.unblock(from: Host(first), to: Host(second))
    network.unblock(from: Host(second), to: Host(first))
  }

  /// Lets the controller put a replica in front of the others, and elect it.
  func lead(_ replicas: [Int32]) {
    world.note("\(replicas[0]) is to lead")
    let partition = partitions[0]
    askController { controller in
      controller.reassign([Reassignment(partition: partition, replicas: replicas)]) { _ in }
    }
    world.after(50_000) { [weak self] in
      self?.askController { $0.electLeaders(.preferred, of: [partition]) { _ in } }
    }
  }
}

extension Scenario {
  /// One partition on brokers 1 to `count`; the last broker is the controller.
  static func scripted(
    _ count: Int32, _ script: @escaping @Sendable (ClusterRun) -> Void
  ) -> Scenario {
    var scenario = Scenario.replication
    scenario.nodeCount = Int(count) + 1
    scenario.firstNode = count + 1
    scenario.assignment = [Array(1...count)]
    scenario.partitionCount = 1
    scenario.replicationFactor = Int(count)
    scenario.producerPause = 10_000...40_000
    scenario.script = script
    return scenario
  }

  /// A leader that does not hear of two elections, the second of which it has won, goes on in its old
  /// epoch with its old in-sync replicas.
  static let staleLeader = scripted(3) { run in
    run.block(1, 3)
    run.at(1500) { $0.block(1, 4) }
    run.at(1510) { $0.lead([2, 1, 3]) }
    run.at(1800) { $0.lead([1, 2, 3]) }
  }

  /// A log that went another way twice: its last epoch is unknown to the leader, and the epoch before
  /// has ended earlier in it.
  static let thirdWay = scripted(2) { run in
    run.block(1, 2)
    run.at(300) { $0.node(1).crash(.keepAll) }
    run.at(310) { $0.unblock(1, 2) }
    run.at(2500) { $0.node(2).crash(.keepAll) }
    run.at(2600) { $0.restart($0.node(1), within: 0...1) }
    run.at(4500) { $0.restart($0.node(2), within: 0...1) }
  }

  /// The last replica in sync loses what it has written, when another has left shortly before.
  static let lastInSync = {
    var scenario = scripted(2) { run in
      run.block(1, 2)
      run.at(800) { run in
        run.node(1).crash(.loseAllUnsynced)
        run.unblock(1, 2)
        run.restart(run.node(1), within: 100_000...200_000)
      }
    }
    scenario.durability = .buffered
    return scenario
  }()

  /// A request to take a replica in comes when it has long been taken in, and taken out again.
  static let lateExpansion = scripted(3) { run in
    run.network.lateness = 3_000_000
    run.block(1, 3)
    run.at(1500) { run in
      run.network.block(from: 1, to: 4)
      run.unblock(1, 3)
    }
    run.at(2400) { $0.network.unblock(from: 1, to: 4) }
    run.at(3200) { $0.block(1, 3) }
  }
}
