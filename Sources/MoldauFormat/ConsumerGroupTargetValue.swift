/// The partitions that a member of a consumer group is to own.
///
/// Format: docs/format/consumer-groups.md.
package struct ConsumerGroupTargetValue: Hashable, Sendable {
  package static let version: Int16 = 0

  package var topics: [ConsumerGroupPartitions]

  package init(topics: [ConsumerGroupPartitions]) {
    self.topics = topics
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = try ByteReader(bytes, valueVersion: Self.version, "group target value")
    topics = try reader.groupPartitions()
    try reader.skipTaggedFields()
  }

  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.version)
    bytes.appendGroupPartitions(topics)
    bytes.appendNoTaggedFields()
    return bytes
  }
}
