package import MoldauFormat
import MoldauLog

/// A group as operators see it.
package struct GroupSummary: Sendable {
  package let name: String
  /// The state as clients know it.
  package let state: String
  package let memberCount: Int
  /// What the group has committed, in the order of topics and partitions.
  package let offsets: [(partition: TopicPartition, offset: Offset)]
}

extension GroupCoordinator {
  /// Whether what the log held of groups when the broker started, or began to lead a partition, was
  /// read. What could not be is tried again.
  var hasRead: Bool {
    let (hasRead, opens) = loading.withLock { loading in
      readFailed(&loading)
      let isRead = loading.places.values.allSatisfy { $0.progress.isRead }
      return (
        isRead && (loading.opening == .done || loading.opening == .needed),
        loading.opening == .failed
      )
    }
    if opens { startLoading() }
    return hasRead
  }

  /// All groups that are known by now, in the order of their names.
  ///
  /// - Complexity: O(*n* log *n*) in the groups and their offsets; one group is locked at a time.
  func summaries() -> [GroupSummary] {
    // A consumer of this process may have made the topic; the next call knows more then.
    if store.existingTopic(GroupOffsets.topicName) != nil { _ = readiness(of: nil) }
    let all = loadedPartitions.flatMap { partition in
      partition.groupIDs.map { (name: $0, partition: partition) }
    }
    return all.sorted { $0.name < $1.name }.map { name, partition in
      let group = partition.withSlot(name, creates: false) { _, state in state.group } ?? nil
      return GroupSummary(
        name: name, state: group?.stateName ?? "Empty", memberCount: group?.memberCount ?? 0,
        offsets: partition.offsets.committed(group: name).map { ($0.partition, $0.value.offset) })
    }
  }
}
