/// The topics that a consumer group's members want, as they were at its epoch.
///
/// Format: docs/format/consumer-groups.md.
package struct ConsumerGroupTopicsValue: Hashable, Sendable {
  package struct Topic: Hashable, Sendable {
    package var id: TopicID
    package var name: String
    package var partitionCount: Int32

    package init(id: TopicID, name: String, partitionCount: Int32) {
      self.id = id
      self.name = name
      self.partitionCount = partitionCount
    }
  }

  package static let version: Int16 = 0

  package var topics: [Topic]

  package init(topics: [Topic]) {
    self.topics = topics
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = try ByteReader(bytes, valueVersion: Self.version, "group topics value")
    let count = try reader.compactCount("topics")
    topics = []
    for _ in 0..<count { topics.append(try Topic(from: &reader)) }
    try reader.skipTaggedFields()
  }

  /// Writes no racks: there is one node.
  ///
  /// - Precondition: no name has more than 32,767 bytes.
  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.version)
    bytes.appendCompactLength(topics.count)
    for topic in topics {
      bytes.appendTopicID(topic.id)
      bytes.appendCompactString(topic.name)
      bytes.appendBigEndian(topic.partitionCount)
      bytes.appendCompactLength(0)
      bytes.appendNoTaggedFields()
    }
    bytes.appendNoTaggedFields()
    return bytes
  }
}

extension ConsumerGroupTopicsValue.Topic {
  fileprivate init(from reader: inout ByteReader) throws(FormatError) {
    id = try reader.topicID()
    name = try reader.compactString("topic")
    partitionCount = try reader.integer(Int32.self)
    // The racks of each partition, which another broker may have written.
    for _ in 0..<(try reader.compactCount("partition racks")) {
      _ = try reader.integer(Int32.self)
      for _ in 0..<(try reader.compactCount("racks")) { _ = try reader.compactString("rack") }
      try reader.skipTaggedFields()
    }
    try reader.skipTaggedFields()
  }
}
