/// How a broker treats consumer groups. The names in parentheses are Kafka's.
public struct GroupConfiguration: Hashable, Sendable {
  /// The shortest session timeout that a member may ask for (`group.min.session.timeout.ms`).
  public var minSessionTimeout: Duration
  /// The longest session timeout that a member may ask for (`group.max.session.timeout.ms`).
  public var maxSessionTimeout: Duration
  /// The most members of one group (`group.max.size`).
  public var maxSize: Int
  /// How long the first rebalance of an empty group waits for more members; each that comes
  /// prolongs the wait, up to the rebalance timeout (`group.initial.rebalance.delay.ms`).
  public var initialRebalanceDelay: Duration
  /// How long the offsets of a group stay that nobody uses any more (`offsets.retention.minutes`).
  public var offsetRetention: Duration
  /// How often it is looked for offsets to let go (`offsets.retention.check.interval.ms`).
  public var offsetCheckInterval: Duration
  /// The longest note that a client may keep with an offset, in bytes
  /// (`offset.metadata.max.bytes`).
  public var maxOffsetMetadataBytes: Int
  /// A member of a consumer group (KIP-848) that is not heard of for this long is dead
  /// (`group.consumer.session.timeout.ms`).
  public var consumerSessionTimeout: Duration
  /// How often members of consumer groups are to be heard of
  /// (`group.consumer.heartbeat.interval.ms`).
  public var consumerHeartbeatInterval: Duration
  /// The partitions of `__consumer_offsets`, which tell a group's coordinator; in a cluster
  /// (`offsets.topic.num.partitions`). Only counts until the topic is made.
  public var offsetsPartitionCount: Int
  /// The replicas of `__consumer_offsets`, fewer when there are fewer brokers; in a cluster
  /// (`offsets.topic.replication.factor`). Only counts until the topic is made.
  public var offsetsReplicationFactor: Int

  /// A configuration; whatever is left out has Kafka's default.
  public init(
    minSessionTimeout: Duration = .seconds(6), maxSessionTimeout: Duration = .seconds(1800),
    maxSize: Int = Int(Int32.max), initialRebalanceDelay: Duration = .seconds(3),
    offsetRetention: Duration = .seconds(7 * 86_400),
    offsetCheckInterval: Duration = .seconds(600), maxOffsetMetadataBytes: Int = 4096,
    consumerSessionTimeout: Duration = .seconds(45),
    consumerHeartbeatInterval: Duration = .seconds(5),
    offsetsPartitionCount: Int = 50, offsetsReplicationFactor: Int = 3
  ) {
    self.minSessionTimeout = minSessionTimeout
    self.maxSessionTimeout = maxSessionTimeout
    self.maxSize = maxSize
    self.initialRebalanceDelay = initialRebalanceDelay
    self.offsetRetention = offsetRetention
    self.offsetCheckInterval = offsetCheckInterval
    self.maxOffsetMetadataBytes = maxOffsetMetadataBytes
    self.consumerSessionTimeout = consumerSessionTimeout
    self.consumerHeartbeatInterval = consumerHeartbeatInterval
    self.offsetsPartitionCount = offsetsPartitionCount
    self.offsetsReplicationFactor = offsetsReplicationFactor
  }
}
