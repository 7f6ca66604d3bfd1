/// Asks for the partitions of topics, in portions (KIP-966).
package struct DescribeTopicPartitionsRequest: ProtocolRequest {
  package typealias Response = DescribeTopicPartitionsResponse
  package static let apiKey = ApiKey.describeTopicPartitions

  /// Empty: all.
  package var topics: [Topic] = []
  package var responsePartitionLimit: Int32 = 2_000
  /// Where to go on; nil: at the start.
  package var cursor: Cursor?

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&topics)
    try coder.field(&responsePartitionLimit)
    try coder.field(&cursor)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    package var name = ""

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.tags()
    }
  }

  package struct Cursor: NullableStructure, Equatable {
    package var topicName = ""
    package var partitionIndex: Int32 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&topicName)
      try coder.field(&partitionIndex)
      try coder.tags()
    }
  }
}
