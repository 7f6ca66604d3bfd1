/// The key under which a group's offset in one partition is kept.
package struct GroupOffsetKey: Hashable, Sendable {
  package static let version: Int16 = 1

  package var group: String
  package var partition: TopicPartition

  package init(group: String, partition: TopicPartition) {
    self.group = group
    self.partition = partition
  }

  /// Reads version 0 or 1, which are the same.
  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = ByteReader(bytes)
    let version = try reader.integer(Int16.self)
    guard (0...Self.version).contains(version) else {
      throw .unsupportedVersion(field: "offset key", version: Int(version))
    }
    group = try reader.string("group")
    let topic = try reader.string("topic")
    partition = TopicPartition(topic: topic, partition: try reader.integer(Int32.self))
  }

  /// Writes version 1.
  ///
  /// - Precondition: group and topic have at most 32,767 bytes each.
  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.version)
    bytes.appendString(group)
    bytes.appendString(partition.topic)
    bytes.appendBigEndian(partition.partition)
    return bytes
  }
}
