package import MoldauFormat

/// `moldau-member`: which of a broker's registrations a directory takes for its last, so that an older
/// copy of the directory can be told from it.
///
/// Format: docs/format/member-file.md.
package struct MemberFile: NodeValue {
  package static let name = "moldau-member"

  package var version = 1
  /// The registration that was being made when the file was written.
  package var incarnation: String
  /// The one before, which is the last when that was not made; nil when there was none, or when the
  /// directory could not say of it that it was its own.
  package var previous: String?

  /// Replicas of which an opening has found that something is missing, when no registration has said
  /// so by then; nil is none. The next opening does not find it again.
  package var lost: [Replica]?

  /// Whether an opening has found so much damaged that nothing can be said of any replica, and no
  /// registration has said so by then; nil is no.
  package var damaged: Bool?

  package struct Replica: Codable, Hashable, Sendable {
    package var topic: String
    package var partition: Int32
  }

  package init(
    incarnation: String, previous: String?, lost: Set<TopicPartition> = [], isDamaged: Bool = false
  ) {
    self.incarnation = incarnation
    self.previous = previous
    damaged = isDamaged ? true : nil
    guard !lost.isEmpty else { return }
    self.lost = lost.sorted(by: <).map { Replica(topic: $0.topic, partition: $0.partition) }
  }

  package var isDamaged: Bool { damaged ?? false }

  package var lostReplicas: Set<TopicPartition> {
    Set((lost ?? []).map { TopicPartition(topic: $0.topic, partition: $0.partition) })
  }

  package func validate() throws(NodeFault) {
    guard version == 1 else { throw NodeFault("\"version\": \(version) is not known here") }
    guard !incarnation.isEmpty else { throw NodeFault("\"incarnation\" is empty") }
  }

  /// The registrations that may be the directory's last.
  package var incarnations: Set<String> {
    previous.map { [incarnation, $0] } ?? [incarnation]
  }
}
