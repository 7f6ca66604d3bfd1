/// Creates topics.
package struct CreateTopicsRequest: ProtocolRequest {
  package typealias Response = CreateTopicsResponse
  package static let apiKey = ApiKey.createTopics

  package var topics: [Topic] = []
  package var timeoutMilliseconds: Int32 = 60_000
  /// Whether to check the request and create nothing.
  package var validatesOnly = false

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&topics)
    try coder.field(&timeoutMilliseconds)
    try coder.field(&validatesOnly, since: 1)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    package var name = ""
    /// -1: the broker's default, or as many as `assignments` has.
    package var partitionCount: Int32 = 0
    /// -1: the broker's default, or as `assignments` says.
    package var replicationFactor: Int16 = 0
    /// Empty: the controller places the replicas.
    package var assignments: [Assignment] = []
    package var configurations: [Configuration] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&partitionCount)
      try coder.field(&replicationFactor)
      try coder.field(&assignments)
      try coder.field(&configurations)
      try coder.tags()
    }
  }

  package struct Assignment: WireValue, Equatable {
    package var partitionIndex: Int32 = 0
    package var brokerIDs: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&partitionIndex)
      try coder.field(&brokerIDs)
      try coder.tags()
    }
  }

  package struct Configuration: WireValue, Equatable {
    package var name = ""
    /// nil: the default.
    package var value: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&value)
      try coder.tags()
    }
  }
}
