/// Partitions of one topic, as the assignments of consumer groups name them.
package struct ConsumerGroupPartitions: Hashable, Sendable {
  package var topicID: TopicID
  package var partitions: [Int32]

  package init(topicID: TopicID, partitions: [Int32]) {
    self.topicID = topicID
    self.partitions = partitions
  }
}

extension ByteReader {
  /// Reads the partitions of several topics.
  @_lifetime(self: copy self)
  mutating func groupPartitions() throws(FormatError) -> [ConsumerGroupPartitions] {
    var topics: [ConsumerGroupPartitions] = []
    for _ in 0..<(try compactCount("topics")) {
      let id = try topicID()
      var partitions: [Int32] = []
      for _ in 0..<(try compactCount("partitions")) {
        partitions.append(try integer(Int32.self))
      }
      try skipTaggedFields()
      topics.append(ConsumerGroupPartitions(topicID: id, partitions: partitions))
    }
    return topics
  }
}

extension [UInt8] {
  /// Appends the partitions of several topics.
  mutating func appendGroupPartitions(_ topics: [ConsumerGroupPartitions]) {
    appendCompactLength(topics.count)
    for topic in topics {
      appendTopicID(topic.topicID)
      appendCompactLength(topic.partitions.count)
      for partition in topic.partitions { appendBigEndian(partition) }
      appendNoTaggedFields()
    }
  }
}
