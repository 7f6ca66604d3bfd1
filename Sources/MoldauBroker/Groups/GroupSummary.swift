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
  /// Whether what the log held of groups when the broker started was read. What could not be is
  /// tried again.
  var hasRead: Bool {
    let now = now.steady
    let (hasRead, starts) = loading.withLock { loading in
      let hasFailed = loading.hasFailed || loading.partitions.contains(.failed)
      let isIdle = !loading.isStarted || loading.progress(of: nil) != .waiting
      return (!hasFailed && isIdle, hasFailed && loading.startsReading(for: .failed, now: now))
    }
    if starts { startLoading() }
    return hasRead
  }

  /// All groups that are known by now, in the order of their names.
  ///
  /// - Complexity: O(*n* log *n*) in the groups and their offsets; one group is locked at a time.
  func summaries() -> [GroupSummary] {
    // A consumer of this process may have made the topic; the next call knows more then.
    if store.existingTopic(GroupOffsets.topicName) != nil { _ = readiness(of: nil) }
    let offsets = offsets
    var names = Set(slotIDs)
    for number in 0..<(offsets?.partitionCount ?? 0) {
      names.formUnion(offsets?.groups(inPartition: number) ?? [])
    }
    return names.sorted().map { name in
      let group = withSlot(name, creates: false) { _, state in state.group } ?? nil
      return GroupSummary(
        name: name, state: group?.stateName ?? "Empty", memberCount: group?.memberCount ?? 0,
        offsets: (offsets?.committed(group: name) ?? []).map { ($0.partition, $0.value.offset) })
    }
  }
}
