package import MoldauFormat

/// A member's epoch, and its partitions when they changed.
package struct ConsumerGroupHeartbeatResponse: ProtocolResponse {
  package static let apiKey = ApiKey.consumerGroupHeartbeat

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var errorMessage: String?
  package var memberID: String?
  package var memberEpoch: Int32 = 0
  package var heartbeatIntervalMilliseconds: Int32 = 0
  /// nil when it did not change.
  package var assignment: Assignment?

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&errorCode)
    try coder.field(&errorMessage)
    try coder.field(&memberID)
    try coder.field(&memberEpoch)
    try coder.field(&heartbeatIntervalMilliseconds)
    try coder.field(&assignment)
    try coder.tags()
  }

  package struct Assignment: NullableStructure, Equatable {
    package var topicPartitions: [TopicPartitions] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&topicPartitions)
      try coder.tags()
    }
  }

  package struct TopicPartitions: WireValue, Equatable {
    package var topicID = TopicID.zero
    package var partitions: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&topicID)
      try coder.field(&partitions)
      try coder.tags()
    }
  }
}
