import MoldauCluster
import MoldauFormat
import MoldauLog

/// A topic that clients may name, wherever its partitions are.
enum KnownTopic: Sendable {
  /// Of a broker that stands alone.
  case hosted(HostedTopic)
  case ofCluster(TopicImage)

  var name: String {
    switch self {
    case .hosted(let hosted): hosted.topic.name
    case .ofCluster(let image): image.name
    }
  }

  var id: TopicID {
    switch self {
    case .hosted(let hosted): hosted.topic.id
    case .ofCluster(let image): image.id
    }
  }

  func hasPartition(_ index: Int32) -> Bool {
    switch self {
    case .hosted(let hosted): hosted.partition(index) != nil
    case .ofCluster(let image): image.partition(index) != nil
    }
  }
}

extension Broker {
  /// The topic of this name, here or elsewhere in the cluster.
  func knownTopic(named name: String) -> KnownTopic? {
    guard let replicas else { return topics.topic(named: name).map(KnownTopic.hosted) }
    return replicas.image.topics[name].map(KnownTopic.ofCluster)
  }

  /// The topic of this id, here or elsewhere in the cluster.
  func knownTopic(_ id: TopicID) -> KnownTopic? {
    guard let replicas else { return topics.topic(id).map(KnownTopic.hosted) }
    return replicas.image.topic(id).map(KnownTopic.ofCluster)
  }
}
