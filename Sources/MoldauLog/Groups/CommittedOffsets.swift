package import MoldauFormat
import Synchronization

/// The offsets that the groups of one partition of the internal topic have committed.
///
/// Shows only what is committed: as durable as the topic asks for and, in a cluster, below the high
/// watermark. The memory is bounded by what is committed. Thread-safe; one lock.
package final class CommittedOffsets: Sendable {
  /// What is known of one partition for one group.
  struct Entry: Sendable {
    /// Nil when nothing is committed.
    var value: GroupOffsetValue?
    /// Where the newest record that counts is: a later one takes its place.
    var position = Offset(rawValue: -1)
    /// Records that were appended and do not count yet. The entry stays for their sake, or an older
    /// one that is told of late would bring back what a newer one has deleted.
    var unsettledCount = 0

    /// Whether nothing would be lost with the entry.
    var isVoid: Bool { value == nil && unsettledCount == 0 }
  }

  let topic: Topic
  /// Which partition of the topic it is.
  package let number: Int
  /// The leadership in which records are written; another one's are fenced by the log.
  package let leaderEpoch: Int32
  let groups = Mutex<[String: [TopicPartition: Entry]]>([:])
  /// Whether the partition was read. The lock keeps two readers apart.
  let isLoaded = Mutex(false)

  /// - Parameters:
  ///   - topic: the internal topic.
  ///   - number: which of its partitions; it must be in the store by the time it is loaded.
  package init(topic: Topic, number: Int, leaderEpoch: Int32 = 0) {
    self.topic = topic
    self.number = number
    self.leaderEpoch = leaderEpoch
  }

  // MARK: Reading

  /// The end of the partition's log.
  package func endOffset() throws(LogError) -> Offset { try topic.log(of: number).endOffset }

  /// What a group has committed for a partition.
  ///
  /// - Precondition: this was loaded.
  package func committed(group: String, _ partition: TopicPartition) -> GroupOffsetValue? {
    groups.withLock { $0[group]?[partition]?.value }
  }

  /// All that a group has committed, in the order of topics and partitions.
  ///
  /// - Precondition: this was loaded.
  package func committed(
    group: String
  ) -> [(partition: TopicPartition, value: GroupOffsetValue)] {
    let entries = groups.withLock { $0[group] } ?? [:]
    return entries.compactMap { partition, entry in
      entry.value.map { (partition, $0) }
    }
    .sorted { ($0.partition.topic, $0.partition.partition) < ($1.0.topic, $1.0.partition) }
  }

  /// Whether anything is kept of the group, also what is not committed yet.
  ///
  /// - Precondition: this was loaded.
  package func hasOffsets(group: String) -> Bool {
    groups.withLock { $0[group] != nil }
  }

  /// The partitions for which something is kept of the group, also what is not committed yet; in
  /// order.
  ///
  /// - Precondition: this was loaded.
  package func partitions(of group: String) -> [TopicPartition] {
    let found = groups.withLock { $0[group].map { Array($0.keys) } ?? [] }
    return found.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
  }

  /// The groups that have offsets here, in no order.
  package var groupNames: [String] { groups.withLock { Array($0.keys) } }

  /// What groups have committed, or are about to, for topics that `isGone` says true of.
  ///
  /// - Complexity: O(offsets of all groups).
  package func partitions(
    where isGone: (_ topic: String) -> Bool
  ) -> [(group: String, partitions: [TopicPartition])] {
    let found = groups.withLock { groups in
      groups.compactMap { group, entries in
        let stale = entries.keys.filter { isGone($0.topic) }
        return stale.isEmpty ? nil : (group: group, partitions: stale)
      }
    }
    return found.map { group, partitions in
      (group, partitions.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) })
    }
    .sorted { $0.group < $1.group }
  }
}
