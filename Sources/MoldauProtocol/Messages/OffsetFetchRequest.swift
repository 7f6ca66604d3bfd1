package import MoldauFormat

/// Asks how far groups have consumed.
package struct OffsetFetchRequest: ProtocolRequest {
  package typealias Response = OffsetFetchResponse
  package static let apiKey = ApiKey.offsetFetch

  /// The one group asked for; from version 8 on `groups` has them.
  package var groupID = ""
  /// nil: every topic with a committed offset.
  package var topics: [Topic]? = []
  package var groups: [Group] = []
  /// Whether to refuse offsets that an open transaction may still change (KIP-447).
  package var requiresStable = false

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&groupID, through: 7)
    try coder.field(&topics, through: 7, nullableSince: 2)
    try coder.field(&groups, since: 8)
    try coder.field(&requiresStable, since: 7)
    try coder.tags()
  }

  package struct Group: WireValue, Equatable {
    package var groupID = ""
    /// nil from a client that is no member.
    package var memberID: String?
    /// -1 from a client that is no member.
    package var memberEpoch: Int32 = -1
    /// nil: every topic with a committed offset.
    package var topics: [Topic]?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&groupID)
      try coder.field(&memberID, since: 9)
      try coder.field(&memberEpoch, since: 9)
      try coder.field(&topics)
      try coder.tags()
    }
  }

  package struct Topic: WireValue, Equatable {
    /// Empty from version 10 on, where `id` names the topic.
    package var name = ""
    package var id = TopicID.zero
    package var partitionIndexes: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name, through: 9)
      try coder.field(&id, since: 10)
      try coder.field(&partitionIndexes)
      try coder.tags()
    }
  }
}
