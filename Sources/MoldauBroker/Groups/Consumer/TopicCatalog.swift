import MoldauFormat

/// A topic as far as consumer groups care for it.
struct SubscribableTopic: Hashable, Sendable {
  let id: TopicID
  let name: String
  let partitionCount: Int32

  /// All partitions of the topic, in the order of their numbers.
  var partitions: some Sequence<GroupPartition> {
    (0..<partitionCount).lazy.map { GroupPartition(topic: id, number: $0) }
  }
}

/// Which topics there are, for groups to subscribe to.
protocol TopicCatalog {
  /// Another number whenever a topic was created, has grown or was deleted.
  var version: UInt64 { get }

  /// The topic of this name, if there is one.
  func topic(named name: String) -> SubscribableTopic?

  /// The names of all topics that a pattern may match: those that are not the broker's own.
  var patternCandidates: [String] { get }
}
