package import MoldauFormat

/// What a broker knows of its cluster: the state that the controller has published last.
package struct ClusterImage: Hashable, Sendable {
  package var clusterID = ""
  /// The controller that published it, −1 before the first.
  package var controllerID: Int32 = -1
  package var controllerEpoch: Int32 = -1
  /// Counts what this controller has published.
  package var version: Int64 = 0
  /// The live brokers by number.
  package var brokers: [Int32: BrokerRegistration] = [:]
  package var topics: [String: TopicImage] = [:]
  package var topicNames: [TopicID: String] = [:]
  /// What was set for all brokers (the empty key) and for single ones, by Kafka's names.
  package var brokerConfigurations: [String: [String: String]] = [:]

  package init() {}

  package func topic(_ id: TopicID) -> TopicImage? { topicNames[id].flatMap { topics[$0] } }

  package func partition(_ partition: TopicPartition) -> PartitionImage? {
    topics[partition.topic]?.partition(partition.partition)
  }

  /// The names of topics of an earlier image that are deleted in this one; also of those that were made
  /// anew under the name.
  ///
  /// - Complexity: O(*n*) in the number of topics.
  package func topicsDeleted(since earlier: ClusterImage) -> Set<String> {
    Set(earlier.topics.values.lazy.filter { topics[$0.name]?.id != $0.id }.map(\.name))
  }
}

/// A topic of the cluster.
package struct TopicImage: Hashable, Sendable {
  package var name: String
  package var id: TopicID
  /// What was set for it, by Kafka's names; the rest has the defaults.
  package var configuration: [String: String]
  /// By number, without a gap.
  package var partitions: [PartitionImage]

  package init(
    name: String, id: TopicID, configuration: [String: String], partitions: [PartitionImage]
  ) {
    self.name = name
    self.id = id
    self.configuration = configuration
    self.partitions = partitions
  }

  package func partition(_ number: Int32) -> PartitionImage? {
    partitions.indices.contains(Int(number)) ? partitions[Int(number)] : nil
  }
}

/// Where a partition's replicas are and which of them leads.
package struct PartitionImage: Hashable, Sendable {
  /// The brokers that hold it, the preferred leader first; with those that are being added and
  /// those that will go.
  package var replicas: [Int32]
  package var adding: [Int32] = []
  package var removing: [Int32] = []
  /// −1 when there is none.
  package var leader: Int32
  package var leaderEpoch: Int32
  /// Counts all changes of the state: the version of its node.
  package var partitionEpoch: Int32
  /// The in-sync replicas.
  package var isr: [Int32]
  /// The eligible leader replicas (KIP-966).
  package var elr: [Int32] = []
  /// Who led last when nobody is left in either, −1 otherwise.
  package var lastKnownLeader: Int32 = -1
  /// In which registration of its broker each of them was last known to have everything. The
  /// controller's own: brokers do not get it.
  package var brokerEpochs: [Int32: Int64] = [:]

  package init(
    replicas: [Int32], leader: Int32, leaderEpoch: Int32 = 0, partitionEpoch: Int32 = 0,
    isr: [Int32]
  ) {
    self.replicas = replicas
    self.leader = leader
    self.leaderEpoch = leaderEpoch
    self.partitionEpoch = partitionEpoch
    self.isr = isr
  }
}
