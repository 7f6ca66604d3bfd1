package import MoldauFormat

/// Deletes topics.
package struct DeleteTopicsRequest: ProtocolRequest {
  package typealias Response = DeleteTopicsResponse
  package static let apiKey = ApiKey.deleteTopics

  package var topics: [Topic] = []
  /// The topics up to version 5.
  package var topicNames: [String] = []
  package var timeoutMilliseconds: Int32 = 0

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&topics, since: 6)
    try coder.field(&topicNames, through: 5)
    try coder.field(&timeoutMilliseconds)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    /// nil when the topic is named by its ID.
    package var name: String?
    package var id = TopicID.zero

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&id)
      try coder.tags()
    }
  }
}
