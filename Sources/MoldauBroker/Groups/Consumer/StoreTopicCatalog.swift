import MoldauLog

/// The topics of a store, for consumer groups to subscribe to.
struct StoreTopicCatalog: TopicCatalog {
  let store: LogStore

  var version: UInt64 { store.topicsVersion }

  func topic(named name: String) -> SubscribableTopic? {
    store.existingTopic(name).map { topic in
      SubscribableTopic(
        id: topic.id, name: name, partitionCount: Int32(clamping: topic.partitionCount))
    }
  }

  var patternCandidates: [String] {
    store.topics.map(\.name).filter { !HostedTopic.isInternal($0) }
  }
}
