/// The rules of the replication protocol that can be taken out one by one, to see that the
/// simulation notices (docs/replication.md). Everything else runs with all of them.
package struct ReplicationRules: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// A shrink keeps the old in-sync replicas until it is confirmed.
  package static let lateShrink = ReplicationRules(rawValue: 1 << 0)
  /// An expansion counts the joining replica at once.
  package static let earlyExpand = ReplicationRules(rawValue: 1 << 1)
  /// A follower truncates to where the leader says that its log goes another way, not to its high
  /// watermark.
  package static let truncateByEpoch = ReplicationRules(rawValue: 1 << 2)
  /// The end offset of an epoch comes with the epoch that it is of (KIP-279).
  package static let epochWithEndOffset = ReplicationRules(rawValue: 1 << 3)
  /// A replica joins only when it has reached the start of the leader's epoch.
  package static let joinFromEpochStart = ReplicationRules(rawValue: 1 << 4)
  /// Requests of another leader epoch are fenced.
  package static let fenceLeaderEpoch = ReplicationRules(rawValue: 1 << 5)
  /// A replica joins only in the incarnation of its broker that has caught up.
  package static let checkBrokerEpoch = ReplicationRules(rawValue: 1 << 6)
  /// A broker that may have lost records leaves the in-sync replicas before it serves.
  package static let leaveAfterLoss = ReplicationRules(rawValue: 1 << 7)
  /// Replicas that left when too few were in sync stay eligible (KIP-966).
  package static let eligibleReplicas = ReplicationRules(rawValue: 1 << 8)
  /// The high watermark stands still while fewer are in sync than `min.insync.replicas`.
  package static let minInSyncReplicas = ReplicationRules(rawValue: 1 << 9)
  /// Partition state is only changed by compare-and-set.
  package static let compareAndSet = ReplicationRules(rawValue: 1 << 10)
  /// A follower of a synced topic fetches on, at or above its leader's high watermark, only when its
  /// device has what comes before.
  package static let syncBeforeFetch = ReplicationRules(rawValue: 1 << 11)

  package static let all = ReplicationRules(rawValue: (1 << 12) - 1)
}
