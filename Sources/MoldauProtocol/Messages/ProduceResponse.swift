package import MoldauFormat

/// Where the batches of a `ProduceRequest` went, or why not.
package struct ProduceResponse: ProtocolResponse {
  package static let apiKey = ApiKey.produce

  package var topics: [Topic] = []
  package var throttleTimeMilliseconds: Int32 = 0
  /// Tagged.
  package var nodeEndpoints: [NodeEndpoint] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&topics)
    try coder.field(&throttleTimeMilliseconds, since: 1)
    var tags = try coder.openTags()
    try coder.field(&nodeEndpoints, tag: 0, default: [], since: 10, in: &tags)
    try coder.closeTags(tags)
  }

  package struct Topic: WireValue, Equatable {
    /// Empty from version 13 on, where `id` names the topic.
    package var name = ""
    package var id = TopicID.zero
    package var partitions: [Partition] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name, through: 12)
      try coder.field(&id, since: 13)
      try coder.field(&partitions)
      try coder.tags()
    }
  }

  package struct Partition: WireValue, Equatable {
    package var index: Int32 = 0
    package var errorCode = ErrorCode.none
    package var baseOffset: Int64 = 0
    /// -1 unless the topic's timestamps are LogAppendTime.
    package var logAppendTimeMilliseconds: Int64 = -1
    package var logStartOffset: Int64 = -1
    package var recordErrors: [RecordError] = []
    package var errorMessage: String?
    /// Tagged.
    package var currentLeader = LeaderIDAndEpoch()

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&errorCode)
      try coder.field(&baseOffset)
      try coder.field(&logAppendTimeMilliseconds, since: 2)
      try coder.field(&logStartOffset, since: 5)
      try coder.field(&recordErrors, since: 8)
      try coder.field(&errorMessage, since: 8)
      var tags = try coder.openTags()
      try coder.field(&currentLeader, tag: 0, default: .init(), since: 10, in: &tags)
      try coder.closeTags(tags)
    }
  }

  /// Why one record made the broker refuse its whole batch (KIP-467).
  package struct RecordError: WireValue, Equatable {
    package var batchIndex: Int32 = 0
    package var message: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&batchIndex)
      try coder.field(&message)
      try coder.tags()
    }
  }
}
