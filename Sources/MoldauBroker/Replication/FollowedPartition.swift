package import MoldauCluster

/// A partition, and whom it is to be copied from.
package struct FollowedPartition: Sendable {
  package let partition: Partition
  package let leader: BrokerRegistration
  /// The epoch of that leader, in which the partition's role is to follow.
  package let leaderEpoch: Int32

  package init(_ partition: Partition, leader: BrokerRegistration, leaderEpoch: Int32) {
    self.partition = partition
    self.leader = leader
    self.leaderEpoch = leaderEpoch
  }
}
