/// The generation that a member joined; its leader gets all members.
package struct JoinGroupResponse: ProtocolResponse {
  package static let apiKey = ApiKey.joinGroup

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var generationID: Int32 = -1
  package var protocolType: String?
  /// The assignor that all members know and most like. Null is written as empty before version 7.
  package var protocolName: String?
  /// The member ID of the leader.
  package var leader = ""
  /// Whether the leader leaves the assignment as it is (KIP-814).
  package var skipsAssignment = false
  package var memberID = ""
  /// Empty for everyone but the leader.
  package var members: [Member] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 2)
    try coder.field(&errorCode)
    try coder.field(&generationID)
    try coder.field(&protocolType, since: 7)
    try coder.field(&protocolName, nullableSince: 7)
    try coder.field(&leader)
    try coder.field(&skipsAssignment, since: 9)
    try coder.field(&memberID)
    try coder.field(&members)
    try coder.tags()
  }

  package struct Member: WireValue, Equatable {
    package var memberID = ""
    package var groupInstanceID: String?
    package var metadata: [UInt8] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&memberID)
      try coder.field(&groupInstanceID, since: 5)
      try coder.field(&metadata)
      try coder.tags()
    }
  }
}
