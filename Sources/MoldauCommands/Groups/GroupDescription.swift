import MoldauClient
import MoldauFormat
import MoldauReport

/// `moldau groups describe`: the members of groups and how far they are.
package struct GroupDescription {
  private let context: CommandContext

  package init(_ context: CommandContext) {
    self.context = context
  }

  package func run(_ names: [String]) throws {
    let printer = context.printer()
    for name in names {
      let facts = try GroupFacts.find(name, in: context.cluster)
      guard facts.exists else {
        try printer.finish()
        throw CommandFailure("There is no group \(name). `moldau groups ls` shows those there are.")
      }
      try add(facts, to: printer)
    }
    try printer.finish()
  }

  private func add(_ facts: GroupFacts, to printer: RowPrinter) throws {
    var owners: [TopicPartition: GroupFacts.Member] = [:]
    for member in facts.members {
      for partition in member.assignment { owners[partition] = member }
    }
    let partitions = Set(facts.committed.keys).union(owners.keys)
      .sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
    let ends = try ends(of: partitions)
    let lag = partitions.reduce(into: Int64(0)) { sum, partition in
      sum += Self.lag(facts.committed[partition], ends[partition]) ?? 0
    }
    printer.add(details(facts, lag))
    for member in facts.members { printer.add(row(member, facts.group)) }
    for partition in partitions {
      printer.add(
        row(
          partition, facts.group, facts.committed[partition], ends[partition], owners[partition]))
    }
  }

  /// Where partitions end; one of a topic that was deleted has no end.
  private func ends(of partitions: [TopicPartition]) throws -> [TopicPartition: Offset] {
    guard !partitions.isEmpty else { return [:] }
    let topics = Set(partitions.map(\.topic)).sorted()
    let metadata = try context.cluster.metadata(topics: topics)
    let living = Set(
      metadata.topics.filter { $0.errorCode == .none }.flatMap { topic in
        topic.partitions.map { TopicPartition(topic: topic.name ?? "", partition: $0.index) }
      })
    return try context.cluster.ends(of: partitions.filter { living.contains($0) })
      .mapValues(\.end)
  }

  private static func lag(_ committed: Offset?, _ end: Offset?) -> Int64? {
    guard let committed, let end else { return nil }
    return max(0, end.rawValue - committed.rawValue)
  }

  private func details(_ facts: GroupFacts, _ lag: Int64) -> ReportRow {
    ReportRow(
      .groupDetails,
      [
        .init("group", .text(facts.group)),
        .init("state", .text(facts.state)),
        .init("groupType", .text(facts.type), heading: "type"),
        .init("assignor", facts.assignor.isEmpty ? .none : .text(facts.assignor)),
        .init("coordinator", .text("\(facts.coordinator)")),
        .init("memberCount", .count(facts.members.count), heading: "members"),
        .init("lag", .integer(lag)),
      ])
  }

  private func row(_ member: GroupFacts.Member, _ group: String) -> ReportRow {
    ReportRow(
      .member,
      [
        .init("group", .text(group)),
        .init("memberID", .text(member.memberID), heading: "member"),
        .init("instanceID", .optional(member.instanceID), heading: "instance"),
        .init("clientID", .text(member.clientID), heading: "client"),
        .init("clientHost", .text(member.clientHost), heading: "host"),
        .init("partitionCount", .count(member.assignment.count), heading: "partitions"),
      ])
  }

  private func row(
    _ partition: TopicPartition, _ group: String, _ committed: Offset?, _ end: Offset?,
    _ owner: GroupFacts.Member?
  ) -> ReportRow {
    ReportRow(
      .committedOffset,
      [
        .init("group", .text(group)),
        .init("topic", .text(partition.topic)),
        .init("partition", .integer(Int64(partition.partition))),
        .init("committedOffset", .offset(committed), heading: "committed"),
        .init("endOffset", .offset(end), heading: "end"),
        .init("lag", .optional(Self.lag(committed, end))),
        .init("memberID", .optional(owner?.memberID), heading: "member"),
      ])
  }
}
