package import MoldauFormat

/// How far groups have consumed.
package struct OffsetFetchResponse: ProtocolResponse {
  package static let apiKey = ApiKey.offsetFetch

  package var throttleTimeMilliseconds: Int32 = 0
  /// Of the one group asked for; from version 8 on `groups` has them.
  package var topics: [Topic] = []
  package var errorCode = ErrorCode.none
  package var groups: [Group] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 3)
    try coder.field(&topics, through: 7)
    try coder.field(&errorCode, since: 2, through: 7)
    try coder.field(&groups, since: 8)
    try coder.tags()
  }

  package struct Group: WireValue, Equatable {
    package var groupID = ""
    package var topics: [Topic] = []
    package var errorCode = ErrorCode.none

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&groupID)
      try coder.field(&topics)
      try coder.field(&errorCode)
      try coder.tags()
    }
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
    /// -1 when none is committed.
    package var committedOffset: Int64 = 0
    package var committedLeaderEpoch: Int32 = -1
    package var metadata: String?
    package var errorCode = ErrorCode.none

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&committedOffset)
      try coder.field(&committedLeaderEpoch, since: 5)
      try coder.field(&metadata)
      try coder.field(&errorCode)
      try coder.tags()
    }
  }
}
