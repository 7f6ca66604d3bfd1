/// The groups that a broker coordinates.
package struct ListGroupsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.listGroups

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var groups: [Group] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 1)
    try coder.field(&errorCode)
    try coder.field(&groups)
    try coder.tags()
  }

  package struct Group: WireValue, Equatable {
    package var groupID = ""
    package var protocolType = ""
    /// As in "Stable" or "Empty".
    package var state = ""
    /// As in "classic" or "consumer".
    package var type = ""

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&groupID)
      try coder.field(&protocolType)
      try coder.field(&state, since: 4)
      try coder.field(&type, since: 5)
      try coder.tags()
    }
  }
}
