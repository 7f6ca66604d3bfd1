import MoldauClient
import MoldauFormat
import MoldauReport

/// `moldau groups seek`: sets how far a group has read.
///
/// A move forward leaves records unread, which only `skipsRecords` allows; nothing is changed
/// before that is known of all partitions.
package struct GroupSeek {
  package enum Target: Equatable, Sendable {
    case position(Position)
    /// So many records on from where it is, or back.
    case shift(Int64)
  }

  package struct Options {
    package var group: String
    package var target: Target
    /// Empty: those the group has committed.
    package var topics: [String] = []
    /// Empty: all of the topics.
    package var partitions: [Int32] = []
    /// Whether records may be left unread.
    package var skipsRecords = false
    package var isDryRun = false

    package init(group: String, target: Target) {
      self.group = group
      self.target = target
    }
  }

  /// What becomes of a partition.
  private struct Move {
    var partition: TopicPartition
    var before: Offset?
    var after: Offset
    var end: Offset

    /// The records that nobody in the group will have read.
    var skippedCount: Int64 {
      before.map { max(0, after.rawValue - $0.rawValue) } ?? 0
    }
  }

  private let context: CommandContext

  package init(_ context: CommandContext) {
    self.context = context
  }

  package func run(_ options: Options) throws {
    let facts = try GroupFacts.find(options.group, in: context.cluster)
    guard facts.isInactive else {
      let count = facts.members.count
      throw CommandFailure(
        "The group \(options.group) has \(count == 1 ? "a member" : "\(count) members"): "
          + "its members decide how far it is. Stop them first.")
    }
    let moves = try moves(options, facts)
    guard !moves.isEmpty else {
      throw CommandFailure(
        "The group \(options.group) has committed nothing that could be moved. "
          + "Name a topic with --topic.")
    }
    let printer = context.printer()
    for move in moves { printer.add(row(move, options)) }
    try printer.finish()
    let skippedCount = moves.reduce(0) { $0 + $1.skippedCount }
    if options.isDryRun {
      return context.output.note("Nothing was changed: this was a dry run.")
    }
    guard skippedCount == 0 || options.skipsRecords else {
      throw CommandFailure(
        "Nothing was changed: the group would never read \(skippedCount) records. "
          + "Say --yes if that is meant.")
    }
    let offsets = Dictionary(uniqueKeysWithValues: moves.map { ($0.partition, $0.after) })
    try context.cluster.retrying { () throws(ClientError) in
      try context.cluster.coordinator(of: options.group).commit(offsets, group: options.group)
    }
  }

  // MARK: What to do

  private func moves(_ options: Options, _ facts: GroupFacts) throws -> [Move] {
    let partitions = try partitions(options, facts)
    guard !partitions.isEmpty else { return [] }
    let position: Position =
      switch options.target {
      case .position(let position): position
      case .shift: .latest
      }
    let resolver = PositionResolver(cluster: context.cluster, isolation: .readUncommitted)
    let resolved = try resolver.resolve(position, in: partitions)
    return try partitions.compactMap { partition in
      guard let found = resolved[partition] else { return nil }
      let before = facts.committed[partition]
      var after = found.offset
      if case .shift(let count) = options.target {
        guard let before else {
          throw CommandFailure(
            "The group \(options.group) has committed nothing of \(partition) from where it "
              + "could be shifted.")
        }
        let (sum, overflows) = before.rawValue.addingReportingOverflow(count)
        let shifted = overflows ? (count > 0 ? Int64.max : 0) : sum
        after = Offset(
          rawValue: max(found.start.rawValue, min(shifted, found.end.rawValue)))
      }
      return Move(partition: partition, before: before, after: after, end: found.end)
    }
  }

  private func partitions(_ options: Options, _ facts: GroupFacts) throws -> [TopicPartition] {
    var partitions = Array(facts.committed.keys)
    if !options.topics.isEmpty {
      partitions = []
      for topic in options.topics {
        guard let found = try context.cluster.partitionIndexes(of: topic) else {
          throw TopicDescription.failure(of: topic, .unknownTopicOrPartition)
        }
        if let missing = options.partitions.first(where: { !found.contains($0) }) {
          throw CommandFailure("The topic \(topic) has no partition \(missing).")
        }
        partitions += found.map { TopicPartition(topic: topic, partition: $0) }
      }
    }
    return partitions.filter {
      options.partitions.isEmpty || options.partitions.contains($0.partition)
    }.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
  }

  private func row(_ move: Move, _ options: Options) -> ReportRow {
    ReportRow(
      .seek,
      [
        .init("group", .text(options.group)),
        .init("topic", .text(move.partition.topic)),
        .init("partition", .integer(Int64(move.partition.partition))),
        .init("before", .offset(move.before)),
        .init("after", .offset(move.after)),
        .init("endOffset", .offset(move.end), heading: "end"),
        .init("skippedCount", .integer(move.skippedCount), heading: "skipped"),
        .init("isDryRun", .boolean(options.isDryRun), heading: "dry run"),
      ])
  }
}
