/// Has the leaders of partitions elected.
package struct ElectLeadersRequest: ProtocolRequest {
  package typealias Response = ElectLeadersResponse
  package static let apiKey = ApiKey.electLeaders

  /// One of `ElectionType`; before version 1 always the preferred one.
  package var electionType: Int8 = 0
  /// nil: all.
  package var topics: [Topic]? = []
  package var timeoutMilliseconds: Int32 = 60_000

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&electionType, since: 1)
    try coder.field(&topics)
    try coder.field(&timeoutMilliseconds)
    try coder.tags()
  }

  /// Who may become leader.
  package enum ElectionType {
    package static let preferred: Int8 = 0
    /// Also a replica that is behind (KIP-460).
    package static let unclean: Int8 = 1
  }

  package struct Topic: WireValue, Equatable {
    package var name = ""
    package var partitions: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&partitions)
      try coder.tags()
    }
  }
}
