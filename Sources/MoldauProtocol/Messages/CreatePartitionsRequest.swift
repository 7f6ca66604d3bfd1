/// Adds partitions to topics.
package struct CreatePartitionsRequest: ProtocolRequest {
  package typealias Response = CreatePartitionsResponse
  package static let apiKey = ApiKey.createPartitions

  package var topics: [Topic] = []
  package var timeoutMilliseconds: Int32 = 0
  /// Whether to check the request and add nothing.
  package var validatesOnly = false

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&topics)
    try coder.field(&timeoutMilliseconds)
    try coder.field(&validatesOnly)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    package var name = ""
    /// How many partitions the topic is to have in all.
    package var count: Int32 = 0
    /// Of the new partitions; nil: the controller places the replicas.
    package var assignments: [Assignment]? = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&count)
      try coder.field(&assignments)
      try coder.tags()
    }
  }

  package struct Assignment: WireValue, Equatable {
    package var brokerIDs: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&brokerIDs)
      try coder.tags()
    }
  }
}
