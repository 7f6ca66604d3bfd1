package import MoldauClient
import MoldauFormat
import MoldauProtocol
import MoldauReport

/// `moldau topics ls`: the topics of a cluster, a line each.
package struct TopicList {
  private let context: CommandContext
  private let showsInternal: Bool

  /// - Parameter showsInternal: whether topics of the brokers' own are listed too.
  package init(_ context: CommandContext, showsInternal: Bool) {
    self.context = context
    self.showsInternal = showsInternal
  }

  package func run() throws {
    let topics = try context.cluster.metadata(topics: nil).topics
      .filter { showsInternal || !$0.isInternal }
      .sorted { ($0.name ?? "") < ($1.name ?? "") }
    let printer = context.printer()
    for topic in topics { printer.add(Self.row(of: topic)) }
    try printer.finish()
    if topics.isEmpty, !context.json { context.output.note("There are no topics.") }
  }

  private static func row(of topic: MetadataResponse.Topic) -> ReportRow {
    let replicaCount = topic.partitions.map(\.replicaNodes.count).max() ?? 0
    let leaderless = topic.partitions.count { $0.errorCode != .none || $0.leaderID < 0 }
    return ReportRow(
      .topic,
      [
        .init("topic", .optional(topic.name)),
        .init("partitionCount", .count(topic.partitions.count), heading: "partitions"),
        .init("replicationFactor", .count(replicaCount), heading: "replicas"),
        .init("leaderlessCount", .count(leaderless), heading: "without leader"),
        .init("topicID", topic.id == .zero ? .none : .text(topic.id.base64), heading: "topic id"),
        .init("isInternal", .boolean(topic.isInternal), heading: "internal"),
      ])
  }

  /// Returns the names of all topics that are not internal, for a shell that completes them.
  package static func names(in cluster: Cluster) throws(ClientError) -> [String] {
    try cluster.metadata(topics: nil).topics.filter { !$0.isInternal }.compactMap(\.name).sorted()
  }
}
