package import MoldauFormat

/// Stores how far a group has consumed.
package struct OffsetCommitRequest: ProtocolRequest {
  package typealias Response = OffsetCommitResponse
  package static let apiKey = ApiKey.offsetCommit

  package var groupID = ""
  /// The member epoch in a group of the consumer protocol (KIP-848); -1 outside any generation.
  package var generationID: Int32 = -1
  /// Empty from a consumer that assigns partitions to itself.
  package var memberID = ""
  package var groupInstanceID: String?
  /// -1: the broker's.
  package var retentionTimeMilliseconds: Int64 = -1
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&groupID)
    try coder.field(&generationID)
    try coder.field(&memberID)
    try coder.field(&groupInstanceID, since: 7)
    try coder.field(&retentionTimeMilliseconds, since: 2, through: 4)
    try coder.field(&topics)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    /// Empty from version 10 on, where `id` names the topic.
    package var name = ""
    package var id = TopicID.zero
    package var partitions: [Partition] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name, through: 9)
      try coder.field(&id, since: 10)
      try coder.field(&partitions)
      try coder.tags()
    }
  }

  package struct Partition: WireValue, Equatable {
    package var index: Int32 = 0
    /// The next record to consume.
    package var committedOffset: Int64 = 0
    /// Of the record before; -1 when unknown.
    package var committedLeaderEpoch: Int32 = -1
    /// The client's own note.
    package var committedMetadata: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&committedOffset)
      // Kafka counts an offset's age from it; here that is from the commit's arrival.
      var commitTimestampMilliseconds: Int64 = -1
      try coder.field(&commitTimestampMilliseconds, since: 1, through: 1)
      try coder.field(&committedLeaderEpoch, since: 6)
      try coder.field(&committedMetadata)
      try coder.tags()
    }
  }
}
