/// Classic groups and their members.
package struct DescribeGroupsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.describeGroups

  package var throttleTimeMilliseconds: Int32 = 0
  package var groups: [Group] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 1)
    try coder.field(&groups)
    try coder.tags()
  }

  package struct Group: WireValue, Equatable {
    package var errorCode = ErrorCode.none
    package var errorMessage: String?
    package var groupID = ""
    package var state = ""
    package var protocolType = ""
    /// The assignor in use; empty unless the group is stable.
    package var protocolData = ""
    package var members: [Member] = []
    package var authorizedOperations = MetadataResponse.operationsNotAsked

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&errorCode)
      try coder.field(&errorMessage, since: 6)
      try coder.field(&groupID)
      try coder.field(&state)
      try coder.field(&protocolType)
      try coder.field(&protocolData)
      try coder.field(&members)
      try coder.field(&authorizedOperations, since: 3)
      try coder.tags()
    }
  }

  package struct Member: WireValue, Equatable {
    package var memberID = ""
    package var groupInstanceID: String?
    package var clientID = ""
    package var clientHost = ""
    /// Empty unless the group is stable.
    package var metadata: [UInt8] = []
    /// Empty unless the group is stable.
    package var assignment: [UInt8] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&memberID)
      try coder.field(&groupInstanceID, since: 4)
      try coder.field(&clientID)
      try coder.field(&clientHost)
      try coder.field(&metadata)
      try coder.field(&assignment)
      try coder.tags()
    }
  }
}
