package import MoldauFormat

/// Which topics were deleted.
package struct DeleteTopicsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.deleteTopics

  package var throttleTimeMilliseconds: Int32 = 0
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 1)
    try coder.field(&topics)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    /// nil for a topic that was asked for by an ID and is not there.
    package var name: String?
    package var id = TopicID.zero
    package var errorCode = ErrorCode.none
    package var errorMessage: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name, nullableSince: 6)
      try coder.field(&id, since: 6)
      try coder.field(&errorCode)
      try coder.field(&errorMessage, since: 5)
      try coder.tags()
    }
  }
}
