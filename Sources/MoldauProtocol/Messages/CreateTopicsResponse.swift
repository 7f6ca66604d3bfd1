package import MoldauFormat

/// Which topics were created.
package struct CreateTopicsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.createTopics

  package var throttleTimeMilliseconds: Int32 = 0
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 2)
    try coder.field(&topics)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    package var name = ""
    package var id = TopicID.zero
    package var errorCode = ErrorCode.none
    package var errorMessage: String?
    /// Tagged. Why `configurations` is nil.
    package var configurationErrorCode = ErrorCode.none
    package var partitionCount: Int32 = -1
    package var replicationFactor: Int16 = -1
    /// nil when the client may not see them.
    package var configurations: [Configuration]? = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&id, since: 7)
      try coder.field(&errorCode)
      try coder.field(&errorMessage, since: 1)
      try coder.field(&partitionCount, since: 5)
      try coder.field(&replicationFactor, since: 5)
      try coder.field(&configurations, since: 5)
      var tags = try coder.openTags()
      try coder.field(&configurationErrorCode, tag: 0, default: .none, since: 5, in: &tags)
      try coder.closeTags(tags)
    }
  }

  package struct Configuration: WireValue, Equatable {
    package var name = ""
    package var value: String?
    package var isReadOnly = false
    /// One of `DescribeConfigsResponse.Source`; a client fails on one that it does not know.
    package var source: Int8 = -1
    package var isSensitive = false

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&value)
      try coder.field(&isReadOnly)
      try coder.field(&source)
      try coder.field(&isSensitive)
      try coder.tags()
    }
  }
}
