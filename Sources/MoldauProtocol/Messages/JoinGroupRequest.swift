/// Enters a classic group, or enters it anew in a rebalance.
package struct JoinGroupRequest: ProtocolRequest {
  package typealias Response = JoinGroupResponse
  package static let apiKey = ApiKey.joinGroup

  package var groupID = ""
  /// Without a heartbeat for this long, the member is taken for dead.
  package var sessionTimeoutMilliseconds: Int32 = 0
  /// How long a rebalance waits for this member; before version 1 the session timeout.
  package var rebalanceTimeoutMilliseconds: Int32 = -1
  /// Empty from a member that has none yet.
  package var memberID = ""
  /// The name of a static member (KIP-345); nil for a dynamic one.
  package var groupInstanceID: String?
  /// What the members' metadata is; "consumer" from consumers.
  package var protocolType = ""
  /// The assignors the member knows, the one it likes most first.
  package var protocols: [GroupProtocol] = []
  /// Why it joins, for the log (KIP-800).
  package var reason: String?

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&groupID)
    try coder.field(&sessionTimeoutMilliseconds)
    try coder.field(&rebalanceTimeoutMilliseconds, since: 1)
    try coder.field(&memberID)
    try coder.field(&groupInstanceID, since: 5)
    try coder.field(&protocolType)
    try coder.field(&protocols)
    try coder.field(&reason, since: 8)
    try coder.tags()
  }

  package struct GroupProtocol: WireValue, Equatable {
    package var name = ""
    /// A `ConsumerProtocolSubscription` from consumers.
    package var metadata: [UInt8] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&metadata)
      try coder.tags()
    }
  }
}
