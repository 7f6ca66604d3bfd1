/// `partition.metadata`: of which topic the folder holds a partition.
///
/// Format: docs/format/partition-metadata.md.
package struct PartitionMetadata: Hashable, Sendable {
  package static let version = 0

  package var topicID: TopicID

  package init(topicID: TopicID) {
    self.topicID = topicID
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    var version: Int64?
    var topicID: TopicID?
    for (key, value) in try KeyValueText.parse(bytes, name: "partition.metadata") {
      switch key {
      case "version": version = CanonicalDecimal.parse(value.utf8)
      case "topic_id": topicID = TopicID(base64: value)
      default: throw .invalid(field: "partition.metadata", reason: "it has the key '\(key)'")
      }
    }
    guard let version else {
      throw .invalid(field: "partition.metadata", reason: "it has no version")
    }
    guard version == Int64(Self.version) else {
      throw .unsupportedVersion(field: "partition.metadata", version: Int(version))
    }
    guard let topicID, topicID != .zero else {
      throw .invalid(field: "partition.metadata", reason: "it names no topic")
    }
    self.init(topicID: topicID)
  }

  package func encode() -> [UInt8] {
    Array("version: \(Self.version)\ntopic_id: \(topicID.base64)".utf8)
  }
}
