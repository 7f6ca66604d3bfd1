package import MoldauFormat

/// A topic that is to be made.
package struct TopicCreation: Hashable, Sendable {
  package var name: String
  /// −1 for the default; also when `assignment` says it.
  package var partitionCount: Int32
  /// −1 for the default; also when `assignment` says it.
  package var replicationFactor: Int32
  /// The brokers of each partition, the preferred leader first; nil leaves the choice to the
  /// controller.
  package var assignment: [[Int32]]?
  /// By Kafka's names, checked by the broker.
  package var configuration: [String: String]

  package init(
    name: String, partitionCount: Int32 = -1, replicationFactor: Int32 = -1,
    assignment: [[Int32]]? = nil, configuration: [String: String] = [:]
  ) {
    self.name = name
    self.partitionCount = partitionCount
    self.replicationFactor = replicationFactor
    self.assignment = assignment
    self.configuration = configuration
  }
}

/// A topic that is to be deleted.
package enum TopicReference: Hashable, Sendable {
  case name(String)
  case id(TopicID)
}

/// Partitions that a topic is to get in addition.
package struct PartitionsCreation: Hashable, Sendable {
  package var topic: String
  /// How many there are to be altogether.
  package var partitionCount: Int32
  /// The brokers of each new partition; nil leaves the choice to the controller.
  package var assignment: [[Int32]]?

  package init(topic: String, partitionCount: Int32, assignment: [[Int32]]? = nil) {
    self.topic = topic
    self.partitionCount = partitionCount
    self.assignment = assignment
  }
}

/// What settings can be of.
package enum ConfigurationResource: Hashable, Sendable {
  case topic(String)
  /// A broker's number, or all brokers.
  case broker(Int32?)
}

/// How a resource's settings are to change.
package enum ConfigurationChange: Hashable, Sendable {
  /// Settings to set, or with nil to take away; the others stay.
  case alter([String: String?])
  /// All settings that there are to be.
  case replace([String: String])
}

/// Which leaders are to be elected.
package enum ElectionKind: Hashable, Sendable {
  /// The first replica of each, when it is in sync.
  case preferred
  /// Any live replica where there is no leader; records may be lost.
  case unclean
}

/// Where a partition's replicas are to be.
package struct Reassignment: Hashable, Sendable {
  package var partition: TopicPartition
  /// The brokers, the preferred leader first; nil cancels what is under way.
  package var replicas: [Int32]?

  package init(partition: TopicPartition, replicas: [Int32]?) {
    self.partition = partition
    self.replicas = replicas
  }
}
