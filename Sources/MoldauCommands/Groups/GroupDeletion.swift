import MoldauClient
import MoldauFormat
import MoldauReport

/// `moldau groups delete`: forgets groups, or what they have committed of some topics.
package struct GroupDeletion {
  private let context: CommandContext

  package init(_ context: CommandContext) {
    self.context = context
  }

  /// - Parameter topics: only the offsets of these are forgotten; empty: the whole group.
  package func run(_ groups: [String], topics: [String]) throws {
    let printer = context.printer()
    for group in groups {
      do {
        if topics.isEmpty {
          try delete(group)
          printer.add(.change("deleted", group), saying: "deleted group \(group)")
        } else {
          for partition in try deleteOffsets(of: topics, in: group) {
            printer.add(
              .change(
                "deletedOffset", group,
                [
                  .init("topic", .text(partition.topic)),
                  .init("partition", .integer(Int64(partition.partition))),
                ]), saying: "group \(group) has forgotten its offset of \(partition)")
          }
        }
      } catch {
        try printer.finish()
        throw error
      }
    }
    try printer.finish()
  }

  private func delete(_ group: String) throws {
    do throws(ClientError) {
      try context.cluster.retrying { () throws(ClientError) in
        try context.cluster.coordinator(of: group).delete(group: group)
      }
    } catch {
      switch error.refusalCode {
      case .nonEmptyGroup?:
        throw CommandFailure("The group \(group) has members. Stop them first.")
      case .groupIDNotFound?:
        throw CommandFailure(
          "There is no group \(group). `moldau groups ls` shows those there are.")
      default: throw error
      }
    }
  }

  private func deleteOffsets(of topics: [String], in group: String) throws -> [TopicPartition] {
    let coordinator = try context.cluster.coordinator(of: group)
    let partitions = try coordinator.committedOffsets(of: group).keys
      .filter { topics.contains($0.topic) }
      .sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
    guard !partitions.isEmpty else {
      throw CommandFailure(
        "The group \(group) has committed nothing of \(topics.joined(separator: ", ")).")
    }
    try coordinator.deleteOffsets(of: partitions, group: group)
    return partitions
  }
}
