import MoldauCluster

/// The topics of a cluster, for consumer groups to subscribe to.
struct ImageTopicCatalog: TopicCatalog {
  let image: ClusterImage

  /// A new one with each image: what changes is seldom looked at anew for nothing.
  var version: UInt64 {
    UInt64(UInt32(bitPattern: image.controllerEpoch)) << 40 ^ UInt64(bitPattern: image.version)
  }

  func topic(named name: String) -> SubscribableTopic? {
    image.topics[name].map { topic in
      SubscribableTopic(
        id: topic.id, name: name, partitionCount: Int32(clamping: topic.partitions.count))
    }
  }

  var patternCandidates: [String] {
    image.topics.keys.filter { !HostedTopic.isInternal($0) }.sorted()
  }
}
