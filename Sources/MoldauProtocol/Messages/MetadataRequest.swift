package import MoldauFormat

/// Asks for the brokers of the cluster, and for topics and who leads their partitions.
package struct MetadataRequest: ProtocolRequest {
  package typealias Response = MetadataResponse
  package static let apiKey = ApiKey.metadata

  /// nil: all topics; empty: none. Version 0, where an empty list means all, reads as nil.
  package var topics: [Topic]?
  package var allowsAutoTopicCreation = true
  package var includesClusterAuthorizedOperations = false
  package var includesTopicAuthorizedOperations = false

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&topics, nullableSince: 1)
    if coder.version == 0, topics == [] { topics = nil }
    try coder.field(&allowsAutoTopicCreation, since: 4)
    try coder.field(&includesClusterAuthorizedOperations, since: 8, through: 10)
    try coder.field(&includesTopicAuthorizedOperations, since: 8)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    package var id = TopicID.zero
    /// nil when the topic is asked for by its id.
    package var name: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&id, since: 10)
      try coder.field(&name, nullableSince: 10)
      try coder.tags()
    }
  }
}
