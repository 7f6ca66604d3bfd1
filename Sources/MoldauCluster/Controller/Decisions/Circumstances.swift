package import MoldauFormat

/// What decides about a partition beside its own state.
package struct Circumstances: Sendable {
  package var partition: TopicPartition
  /// The brokers that are up.
  package var brokers: [Int32: BrokerRegistration]
  /// `min.insync.replicas` of the topic.
  package var minInSyncReplicas: Int
  /// `unclean.leader.election.enable` of the topic.
  package var allowsUncleanElection: Bool
  package var rules: ReplicationRules

  package init(
    partition: TopicPartition, brokers: [Int32: BrokerRegistration], minInSyncReplicas: Int = 1,
    allowsUncleanElection: Bool = false, rules: ReplicationRules = .all
  ) {
    self.partition = partition
    self.brokers = brokers
    self.minInSyncReplicas = minInSyncReplicas
    self.allowsUncleanElection = allowsUncleanElection
    self.rules = rules
  }

  func isLive(_ id: Int32) -> Bool { brokers[id] != nil }

  func isShuttingDown(_ id: Int32) -> Bool { brokers[id]?.isShuttingDown ?? false }

  /// Whether a live broker still has what it had when it was in sync in the registration `epoch`.
  func hasKept(_ id: Int32, since epoch: Int64?) -> Bool {
    guard rules.contains(.leaveAfterLoss) else { return true }
    guard let broker = brokers[id], let epoch else { return false }
    return broker.hasKept(partition, since: epoch)
  }

  /// Whether a live broker has what is left of what it had when it was in sync in the registration
  /// `epoch`.
  func hasWhatIsLeft(_ id: Int32, since epoch: Int64?) -> Bool {
    guard let broker = brokers[id], let epoch else { return false }
    return broker.isDirectory(since: epoch)
  }
}
