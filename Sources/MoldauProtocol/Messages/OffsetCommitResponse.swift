package import MoldauFormat

/// Which offsets were stored.
package struct OffsetCommitResponse: ProtocolResponse {
  package static let apiKey = ApiKey.offsetCommit

  package var throttleTimeMilliseconds: Int32 = 0
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 3)
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
    package var errorCode = ErrorCode.none

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&errorCode)
      try coder.tags()
    }
  }
}
