import MoldauClient
import MoldauFormat
import MoldauProtocol
import MoldauReport

/// `moldau topics describe`: all that is known of topics.
package struct TopicDescription {
  private let context: CommandContext
  private let showsDefaults: Bool

  /// - Parameter showsDefaults: whether settings that nobody has set are shown too.
  package init(_ context: CommandContext, showsDefaults: Bool) {
    self.context = context
    self.showsDefaults = showsDefaults
  }

  /// What was asked about the partitions of a topic.
  private struct Facts {
    var ends: [TopicPartition: (start: Offset, end: Offset)] = [:]
    var byteCounts: [TopicPartition: Int64] = [:]
  }

  package func run(_ names: [String]) throws {
    let printer = context.printer()
    let found = try context.cluster.metadata(topics: names).topics
    for name in names {
      guard let topic = found.first(where: { $0.name == name }) else {
        throw CommandFailure("The broker says nothing about the topic \(name).")
      }
      guard topic.errorCode == .none else {
        try printer.finish()
        throw Self.failure(of: name, topic.errorCode)
      }
      try add(topic, name, to: printer)
    }
    try printer.finish()
  }

  static func failure(of topic: String, _ code: ErrorCode) -> CommandFailure {
    code == .unknownTopicOrPartition
      ? CommandFailure(
        "There is no topic \(topic). `moldau topics ls` shows those that there are; "
          + "`moldau topics create \(topic)` makes it.")
      : CommandFailure("The topic \(topic) cannot be used: \(code).")
  }

  private func add(
    _ topic: MetadataResponse.Topic, _ name: String, to printer: RowPrinter
  ) throws {
    let partitions = topic.partitions.sorted { $0.index < $1.index }
    let facts = try facts(name, partitions)
    printer.add(details(topic, name, facts))
    for partition in partitions { printer.add(row(partition, name, facts)) }
    for row in try configurationRows(name) { printer.add(row) }
  }

  private func facts(
    _ name: String, _ partitions: [MetadataResponse.Partition]
  ) throws -> Facts {
    let led = partitions.filter { $0.errorCode == .none && $0.leaderID >= 0 }
      .map { TopicPartition(topic: name, partition: $0.index) }
    var facts = Facts()
    guard !led.isEmpty else { return facts }
    facts.ends = try context.cluster.ends(of: led)
    for (leader, partitions) in try context.cluster.byLeader(led)
    where leader.offers(.describeLogDirs) {
      facts.byteCounts.merge(try leader.replicaByteCounts(of: partitions)) { $1 }
    }
    return facts
  }

  private func details(
    _ topic: MetadataResponse.Topic, _ name: String, _ facts: Facts
  ) -> ReportRow {
    let recordCount = facts.ends.values.reduce(0) { $0 + $1.end.rawValue - $1.start.rawValue }
    let byteCount = facts.byteCounts.values.reduce(0, +)
    return ReportRow(
      .topicDetails,
      [
        .init("topic", .text(name)),
        .init("topicID", topic.id == .zero ? .none : .text(topic.id.base64), heading: "topic id"),
        .init("partitionCount", .count(topic.partitions.count), heading: "partitions"),
        .init(
          "replicationFactor", .count(topic.partitions.map(\.replicaNodes.count).max() ?? 0),
          heading: "replicas"),
        .init("isInternal", topic.isInternal ? .boolean(true) : .none, heading: "internal"),
        .init("offsetCount", .integer(recordCount), heading: "offsets"),
        .init(
          "byteCount", facts.byteCounts.isEmpty ? .none : .integer(byteCount), heading: "bytes"),
      ])
  }

  private func row(
    _ partition: MetadataResponse.Partition, _ topic: String, _ facts: Facts
  ) -> ReportRow {
    let name = TopicPartition(topic: topic, partition: partition.index)
    let ends = facts.ends[name]
    return ReportRow(
      .partition,
      [
        .init("topic", .text(topic)),
        .init("partition", .integer(Int64(partition.index))),
        .init("leader", partition.leaderID < 0 ? .none : .integer(Int64(partition.leaderID))),
        .init("replicas", .integers(partition.replicaNodes.map(Int64.init))),
        .init(
          "inSyncReplicas", .integers(partition.inSyncReplicaNodes.map(Int64.init)),
          heading: "in sync"),
        .init("startOffset", .offset(ends?.start), heading: "start"),
        .init("endOffset", .offset(ends?.end), heading: "end"),
        .init("byteCount", .optional(facts.byteCounts[name]), heading: "bytes"),
      ])
  }

  // MARK: Configuration

  private func configurationRows(_ topic: String) throws -> [ReportRow] {
    let broker = try context.cluster.controller()
    guard broker.offers(.describeConfigs) else { return [] }
    return try broker.configuration(ofTopic: topic).filter {
      showsDefaults || $0.source != DescribeConfigsResponse.Source.default
    }.map { setting in
      ReportRow(
        .configuration,
        [
          .init("topic", .text(topic)),
          .init("name", .text(setting.name), heading: "setting"),
          .init("value", setting.isSensitive ? .text("(hidden)") : .optional(setting.value)),
          .init("origin", .text(Self.origin(setting.source))),
        ])
    }
  }

  /// Where a value comes from.
  private static func origin(_ source: Int8) -> String {
    switch source {
    case DescribeConfigsResponse.Source.topic: "topic"
    case DescribeConfigsResponse.Source.dynamicBroker,
      DescribeConfigsResponse.Source.dynamicDefaultBroker,
      DescribeConfigsResponse.Source.staticBroker:
      "broker"
    case DescribeConfigsResponse.Source.default: "default"
    case DescribeConfigsResponse.Source.group: "group"
    default: "unknown"
    }
  }
}
