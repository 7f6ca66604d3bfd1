/// Takes members out of a group.
package struct LeaveGroupRequest: ProtocolRequest {
  package typealias Response = LeaveGroupResponse
  package static let apiKey = ApiKey.leaveGroup

  package var groupID = ""
  /// The one member that leaves; from version 3 on `members` has them.
  package var memberID = ""
  package var members: [Member] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&groupID)
    try coder.field(&memberID, through: 2)
    try coder.field(&members, since: 3)
    try coder.tags()
  }

  package struct Member: WireValue, Equatable {
    /// Empty where the instance ID alone names a static member.
    package var memberID = ""
    package var groupInstanceID: String?
    /// Why it leaves, for the log (KIP-800).
    package var reason: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&memberID)
      try coder.field(&groupInstanceID)
      try coder.field(&reason, since: 5)
      try coder.tags()
    }
  }
}
