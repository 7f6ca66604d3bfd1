import MoldauLog
import MoldauProtocol

/// A setting of the broker as Kafka's clients know it, and what it is.
struct BrokerSetting: Sendable {
  let name: String
  let value: String
  /// Where it is from: one of `DescribeConfigsResponse.Source`.
  let source: Int8
  /// One of `DescribeConfigsResponse.ValueType`.
  let valueType: Int8
  let documentation: String
  /// Whether it can be changed for all brokers while they run.
  private(set) var isOfCluster = false
  /// Where it is set, or could be, the place that counts first.
  private(set) var synonyms: [DescribeConfigsResponse.Synonym]

  private init(_ name: String, _ value: String, _ standard: String?, _ type: Int8, _ text: String) {
    self.name = name
    self.value = value
    source =
      value == standard
      ? DescribeConfigsResponse.Source.default : DescribeConfigsResponse.Source.staticBroker
    valueType = type
    documentation = text
    var synonym = DescribeConfigsResponse.Synonym()
    synonym.name = name
    synonym.value = value
    synonym.source = source
    synonyms = [synonym]
  }

  /// What topics have for which nothing was set; nil where a broker has no setting of that kind.
  private init?(_ setting: TopicConfigKey, _ settings: TopicSettings) {
    guard let name = setting.brokerName else { return nil }
    self.name = name
    value = settings.value(of: setting, in: settings.defaults)
    source = settings.sourceOfDefault(setting)
    valueType = setting.kind.valueType
    documentation = setting.documentation
    isOfCluster = settings.isClustered && TopicConfigKey.ofCluster.contains(setting.name)
    synonyms = settings.synonymsOfDefault(setting)
  }

  private static func flag(
    _ name: String, _ value: Bool, _ standard: Bool, _ documentation: String
  ) -> BrokerSetting {
    BrokerSetting(
      name, "\(value)", "\(standard)", DescribeConfigsResponse.ValueType.boolean, documentation)
  }

  private static func int(
    _ name: String, _ value: Int, _ standard: Int?, _ documentation: String
  ) -> BrokerSetting {
    BrokerSetting(
      name, "\(value)", standard.map { "\($0)" }, DescribeConfigsResponse.ValueType.int,
      documentation)
  }

  private static func text(
    _ name: String, _ value: String, _ documentation: String
  ) -> BrokerSetting {
    BrokerSetting(name, value, nil, DescribeConfigsResponse.ValueType.string, documentation)
  }

  /// Those that clients and tools ask for, in the order of their names.
  static func all(_ broker: Broker, _ client: ClientConnection) -> [BrokerSetting] {
    let configuration = broker.configuration
    let own = [
      int("broker.id", Int(broker.identity.nodeID), nil, "The broker's number in its cluster."),
      int("node.id", Int(broker.identity.nodeID), nil, "The broker's number in its cluster."),
      text("log.dir", broker.store.path, "Where the records are."),
      text("log.dirs", broker.store.path, "Where the records are."),
      text(
        "advertised.listeners",
        "PLAINTEXT://\(client.advertisedHost):\(client.advertisedPort)",
        "Where this client is told to connect."),
      int(
        "num.partitions", configuration.newTopics.partitionCount, 1,
        "The partitions of a topic whose creator leaves their number to the broker."),
      int(
        "default.replication.factor",
        Int(broker.member?.settings.controller.replicationFactor ?? 1), 1,
        "The replicas of a topic whose creator leaves their number to the brokers; without a cluster"
          + " there is one."),
      flag(
        "auto.create.topics.enable", configuration.createsTopics, true,
        "Whether a topic comes into being when a client asks for it."),
      flag(
        "delete.topic.enable", configuration.deletesTopics, true,
        "Whether clients may delete topics."),
      int(
        "max.incremental.fetch.session.cache.slots", Limits.fetchSessionCount,
        Limits.fetchSessionCount, "Fetch sessions that are remembered at once."),
      int(
        "fetch.max.bytes", Limits.fetchBytes, Limits.fetchBytes,
        "The most bytes of one fetch answer; a single batch may be larger."),
      int(
        "max.request.partition.size.limit", Limits.describedPartitionsPerRequest,
        Limits.describedPartitionsPerRequest,
        "The most partitions that one answer to DescribeTopicPartitions has."),
    ]
    let settings = broker.settingsToDescribe
    let ofTopics = TopicConfigKey.all.compactMap { BrokerSetting($0, settings) }
    let ensemble = broker.member?.settings.ensemble.map {
      text("zookeeper.connect", $0, "The servers that coordinate the cluster.")
    }
    return (own + ofTopics + ofGroups(configuration.groups) + [ensemble].compactMap(\.self))
      .sorted { $0.name < $1.name }
  }

  private static func ofGroups(_ groups: GroupConfiguration) -> [BrokerSetting] {
    let standard = GroupConfiguration()
    func milliseconds(
      _ name: String, _ path: KeyPath<GroupConfiguration, Duration>, _ documentation: String
    ) -> BrokerSetting {
      int(
        name, Int(groups[keyPath: path].milliseconds), Int(standard[keyPath: path].milliseconds),
        documentation)
    }
    return [
      milliseconds(
        "group.min.session.timeout.ms", \.minSessionTimeout,
        "The shortest session timeout that a member may ask for."),
      milliseconds(
        "group.max.session.timeout.ms", \.maxSessionTimeout,
        "The longest session timeout that a member may ask for."),
      milliseconds(
        "group.initial.rebalance.delay.ms", \.initialRebalanceDelay,
        "How long a group that was empty waits for more members."),
      milliseconds(
        "group.consumer.session.timeout.ms", \.consumerSessionTimeout,
        "After what silence a member of the newer protocol is out."),
      milliseconds(
        "group.consumer.heartbeat.interval.ms", \.consumerHeartbeatInterval,
        "How often a member of the newer protocol is to be heard of."),
      milliseconds(
        "offsets.retention.check.interval.ms", \.offsetCheckInterval,
        "How often it is looked for offsets to let go."),
      int(
        "offsets.retention.minutes", Int(groups.offsetRetention.milliseconds / 60_000),
        Int(standard.offsetRetention.milliseconds / 60_000),
        "How long the offsets of a group stay that nobody uses."),
      int(
        "offsets.topic.num.partitions", groups.offsetsPartitionCount,
        standard.offsetsPartitionCount,
        "The partitions of the topic that keeps the groups, when a cluster makes it."),
      int(
        "offsets.topic.replication.factor", groups.offsetsReplicationFactor,
        standard.offsetsReplicationFactor,
        "The replicas of that topic, fewer when there are fewer brokers."),
      int("group.max.size", groups.maxSize, standard.maxSize, "The most members of one group."),
      int(
        "offset.metadata.max.bytes", groups.maxOffsetMetadataBytes,
        standard.maxOffsetMetadataBytes, "The longest note that comes with a committed offset."),
    ]
  }
}
