package import MoldauCluster
import MoldauFormat
package import MoldauLog

/// A partition, and whom it is to be copied from.
package struct FollowedPartition: Sendable {
  package let partition: Partition
  package let topic: Topic
  package let leader: BrokerRegistration
  /// The epoch of that leader, in which the partition's role is to follow.
  package let leaderEpoch: Int32

  package init(
    _ partition: Partition, of topic: Topic, leader: BrokerRegistration, leaderEpoch: Int32
  ) {
    self.partition = partition
    self.topic = topic
    self.leader = leader
    self.leaderEpoch = leaderEpoch
  }

  var key: ReplicaKey { ReplicaKey(topicID: topic.id, index: partition.index) }

  /// Whether what was appended counts only when the device has confirmed it.
  var isSynced: Bool { topic.durability.isSynced || topic.configuration.syncsEveryAppend }
}

/// A partition as brokers name it to each other.
struct ReplicaKey: Hashable, Sendable {
  var topicID: TopicID
  var index: Int32
}
