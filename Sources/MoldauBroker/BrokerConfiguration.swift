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
  /// Whether clients may delete topics (`delete.topic.enable`).
  public var deletesTopics: Bool
  /// Whether the broker makes the best of what only a cluster can do: a topic that asks for more
  /// replicas than there are brokers gets one, and the log says so. Without it such a request is
  /// refused, as Kafka does, since a promise would be broken.
  public var isDevelopment: Bool
  /// How consumer groups are treated.
  public var groups: GroupConfiguration

  /// A configuration; whatever is left out has its default.
  public init(
    nodeID: Int32? = nil, createsTopics: Bool = true,
    newTopics: TopicConfiguration = TopicConfiguration(), deletesTopics: Bool = true,
    isDevelopment: Bool = false, groups: GroupConfiguration = GroupConfiguration()
  ) {
    self.nodeID = nodeID
    self.createsTopics = createsTopics
    self.newTopics = newTopics
    self.deletesTopics = deletesTopics
    self.isDevelopment = isDevelopment
    self.groups = groups
  }
}
