package import MoldauFormat

/// What has changed between two versions of the image that one controller has published.
package struct ClusterDelta: Hashable, Sendable {
  /// A topic of which something has changed. One with an id that was not known is new, with all of
  /// its partitions.
  package struct Topic: Hashable, Sendable {
    package var id: TopicID
    /// All that is set for the topic; nil when that has not changed.
    package var configuration: [String: String]?
    /// The partitions that have changed or are new, by number.
    package var partitions: [Int32: PartitionImage]

    package init(
      id: TopicID, configuration: [String: String]? = nil,
      partitions: [Int32: PartitionImage] = [:]
    ) {
      self.id = id
      self.configuration = configuration
      self.partitions = partitions
    }
  }

  package var clusterID = ""
  package var controllerID: Int32 = -1
  package var controllerEpoch: Int32 = -1
  /// The version from which it leads.
  package var fromVersion: Int64 = 0
  /// The version to which it leads.
  package var version: Int64 = 0
  /// Brokers that came, or of which something has changed.
  package var brokers: [Int32: BrokerRegistration] = [:]
  package var goneBrokers: Set<Int32> = []
  /// By name.
  package var topics: [String: Topic] = [:]
  /// The topics that were deleted. A topic of the same name with another id may be in `topics`.
  package var deletedTopics: Set<TopicID> = []
  /// All that is set for these brokers (the empty key is all brokers); empty when nothing is any
  /// more.
  package var brokerConfigurations: [String: [String: String]] = [:]

  package init() {}

  package var from: ImagePosition {
    ImagePosition(controllerEpoch: controllerEpoch, version: fromVersion)
  }

  package var isEmpty: Bool {
    brokers.isEmpty && goneBrokers.isEmpty && topics.isEmpty && deletedTopics.isEmpty
      && brokerConfigurations.isEmpty
  }
}

extension ClusterDelta {
  /// Appends what came next, so that one delta leads over both.
  ///
  /// - Precondition: `next` begins where this ends.
  package mutating func append(_ next: ClusterDelta) {
    precondition(next.from == ImagePosition(controllerEpoch: controllerEpoch, version: version))
    version = next.version
    for (id, broker) in next.brokers {
      brokers[id] = broker
      goneBrokers.remove(id)
    }
    for id in next.goneBrokers {
      brokers[id] = nil
      goneBrokers.insert(id)
    }
    deletedTopics.formUnion(next.deletedTopics)
    for (name, topic) in topics where next.deletedTopics.contains(topic.id) { topics[name] = nil }
    for (name, topic) in next.topics {
      guard var known = topics[name], known.id == topic.id else {
        topics[name] = topic
        continue
      }
      if let configuration = topic.configuration { known.configuration = configuration }
      known.partitions.merge(topic.partitions) { $1 }
      topics[name] = known
    }
    brokerConfigurations.merge(next.brokerConfigurations) { $1 }
  }
}

extension ClusterImage {
  package var position: ImagePosition {
    ImagePosition(controllerEpoch: controllerEpoch, version: version)
  }

  /// Brings the image to the delta's version.
  ///
  /// - Precondition: the delta begins at the image's position.
  /// - Complexity: O(what has changed).
  package mutating func apply(_ delta: ClusterDelta) {
    precondition(delta.from == position, "a delta of another version")
    clusterID = delta.clusterID
    controllerID = delta.controllerID
    version = delta.version
    brokers.merge(delta.brokers) { $1 }
    for id in delta.goneBrokers { brokers[id] = nil }
    for id in delta.deletedTopics {
      if let name = topicNames.removeValue(forKey: id) { topics[name] = nil }
    }
    for (name, topic) in delta.topics { apply(topic, named: name) }
    for (resource, values) in delta.brokerConfigurations {
      brokerConfigurations[resource] = values.isEmpty ? nil : values
    }
  }

  private mutating func apply(_ delta: ClusterDelta.Topic, named name: String) {
    if topics[name]?.id != delta.id {
      if let old = topics[name] { topicNames[old.id] = nil }
      topics[name] = TopicImage(name: name, id: delta.id, configuration: [:], partitions: [])
      topicNames[delta.id] = name
    }
    if let configuration = delta.configuration { topics[name]?.configuration = configuration }
    for (number, partition) in delta.partitions.sorted(by: { $0.key < $1.key }) {
      let count = topics[name]?.partitions.count ?? 0
      if Int(number) < count {
        topics[name]?.partitions[Int(number)] = partition
      } else {
        precondition(Int(number) == count, "the partitions of a topic have no gap")
        topics[name]?.partitions.append(partition)
      }
    }
  }
}
