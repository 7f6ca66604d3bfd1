/// Asks for a member's assignment; the leader's request brings everyone's.
package struct SyncGroupRequest: ProtocolRequest {
  package typealias Response = SyncGroupResponse
  package static let apiKey = ApiKey.syncGroup

  package var groupID = ""
  package var generationID: Int32 = 0
  package var memberID = ""
  package var groupInstanceID: String?
  package var protocolType: String?
  package var protocolName: String?
  /// Empty from everyone but the leader.
  package var assignments: [Assignment] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&groupID)
    try coder.field(&generationID)
    try coder.field(&memberID)
    try coder.field(&groupInstanceID, since: 3)
    try coder.field(&protocolType, since: 5)
    try coder.field(&protocolName, since: 5)
    try coder.field(&assignments)
    try coder.tags()
  }

  package struct Assignment: WireValue, Equatable {
    package var memberID = ""
    /// A `ConsumerProtocolAssignment` from consumers.
    package var assignment: [UInt8] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&memberID)
      try coder.field(&assignment)
      try coder.tags()
    }
  }
}
