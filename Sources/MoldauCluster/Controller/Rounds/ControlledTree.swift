internal import MoldauFormat

/// What the controller knows of the tree: what it has read when it took up office, and written
/// since. Nobody else writes any of it.
struct ControlledTree: Sendable {
  var image = ClusterImage()
  /// The versions of `/brokers/topics/<topic>`, by topic.
  var topicVersions: [String: Int32] = [:]
  /// The versions of the nodes below `/config`, by path.
  var configurationVersions: [String: Int32] = [:]
  /// The partitions whose replicas are moving.
  var moving: Set<TopicPartition> = []
  /// Partitions that have not even a node, as the controller that made their topic did not get to
  /// it.
  var absent: Set<TopicPartition> = []
  /// Topics whose deletion has begun, and what is left of them.
  var deletions: [String: TopicRemains] = [:]

  /// What decides about a partition of `topic`.
  func circumstances(
    _ partition: TopicPartition, of topic: TopicImage, _ settings: RoundSettings
  ) -> Circumstances {
    let minimum = image.minInSyncReplicas(of: topic, default: settings.settings.minInSyncReplicas)
    return Circumstances(
      partition: partition, brokers: settings.live, minInSyncReplicas: Int(minimum),
      allowsUncleanElection: image.allowsUncleanElection(of: topic), rules: settings.rules)
  }

  /// Notes what was written, in the delta that brokers will get of it.
  mutating func note(_ change: TreeChange, in delta: inout ClusterDelta) {
    switch change {
    case .partition(let partition, let state):
      guard let id = delta.topics[partition.topic]?.id ?? image.topics[partition.topic]?.id else {
        return
      }
      delta.topics[partition.topic, default: ClusterDelta.Topic(id: id)]
        .partitions[partition.partition] = state
      absent.remove(partition)
      if state.isMoving { moving.insert(partition) } else { moving.remove(partition) }
    case .newTopic(let topic, let configurationVersion):
      delta.topics[topic.name] = ClusterDelta.Topic(
        id: topic.id, configuration: topic.configuration,
        partitions: Dictionary(
          topic.partitions.enumerated().map { (Int32($0), $1) }, uniquingKeysWith: { $1 }))
      topicVersions[topic.name] = 0
      configurationVersions[ClusterPath.configuration(of: topic.name)] = configurationVersion
    case .topicNode(let name, let version):
      topicVersions[name] = version
    case .topicConfiguration(let name, let values, let version):
      guard let id = image.topics[name]?.id else { return }
      delta.topics[name, default: ClusterDelta.Topic(id: id)].configuration = values
      configurationVersions[ClusterPath.configuration(of: name)] = version
    case .brokerConfiguration(let broker, let values, let version):
      delta.brokerConfigurations[broker.map { "\($0)" } ?? ClusterImage.allBrokers] = values
      configurationVersions[ClusterPath.configuration(ofBroker: broker)] = version
    case .deletedTopic(let topic):
      delta.deletedTopics.insert(topic.id)
      moving = moving.filter { $0.topic != topic.name }
      absent = absent.filter { $0.topic != topic.name }
      topicVersions[topic.name] = nil
      configurationVersions[ClusterPath.configuration(of: topic.name)] = nil
    case .remains(let name, let remains):
      deletions[name] = remains
    }
  }
}

/// What a write has changed, once it was made.
enum TreeChange: Hashable, Sendable {
  case partition(TopicPartition, PartitionImage)
  case newTopic(TopicImage, configurationVersion: Int32)
  case topicNode(String, version: Int32)
  case topicConfiguration(String, [String: String], version: Int32)
  case brokerConfiguration(Int32?, [String: String], version: Int32)
  case deletedTopic(TopicImage)
  /// What is left of a topic that is being deleted; nil when nothing is.
  case remains(String, TopicRemains?)
}

/// What is left of a topic whose deletion was begun by a controller that did not end it.
struct TopicRemains: Hashable, Sendable {
  /// The partitions that have a node, and whether that has a state.
  var partitions: [Int32: Bool] = [:]
  var hasPartitions = false
  var hasTopic = false
  var hasConfiguration = false
}

/// What all decisions of a round go by.
struct RoundSettings: Sendable {
  /// The brokers that are up.
  var live: [Int32: BrokerRegistration]
  var settings: ControllerSettings
  var rules: ReplicationRules
  var controllerEpoch: Int32
}
