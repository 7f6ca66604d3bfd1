import MoldauBroker

extension ClusterRun {
  /// Looks every millisecond for nodes that have replicas which are behind what is committed and have
  /// more than their device, and lets one in so many lose its power there.
  func cutPowerBehind(oneIn chance: Int) {
    world.after(1_000) { [weak self] in
      guard let self, !faultsAreOver else { return }
      for node in nodes where node.isServing && hasUnsyncedBehind(node) && world.oneIn(chance) {
        lossesBehind += 1
        die(node, world.pick([.loseAllUnsynced, .random, .randomTorn]))
      }
      cutPowerBehind(oneIn: chance)
    }
  }

  private func hasUnsyncedBehind(_ node: Node) -> Bool {
    partitions.contains { partition in
      guard let found = node.life?.broker.partition(partition.topic, partition.partition),
        case .follower(let leader, _) = found.role,
        found.log.durableOffset < found.log.endOffset,
        let leading = self.node(leader).life?.broker.partition(
          partition.topic, partition.partition)
      else { return false }
      return found.log.endOffset < leading.highWatermark
    }
  }
}
