public import MoldauLog

/// How a broker behaves. The names in parentheses are Kafka's.
public struct BrokerConfiguration: Sendable {
  /// The number of this broker in its cluster; nil takes the one that the directory bears, or 1
  /// (`node.id`).
  public var nodeID: Int32?
  /// Whether a topic comes into being when a client asks for it (`auto.create.topics.enable`).
  public var createsTopics: Bool
  /// What a topic that comes into being so is like (`num.partitions` and the topic defaults).
  public var newTopics: TopicConfiguration

  /// A configuration; whatever is left out has its default.
  public init(
    nodeID: Int32? = nil, createsTopics: Bool = true,
    newTopics: TopicConfiguration = TopicConfiguration()
  ) {
    self.nodeID = nodeID
    self.createsTopics = createsTopics
    self.newTopics = newTopics
  }
}
