/// Which members left.
package struct LeaveGroupResponse: ProtocolResponse {
  package static let apiKey = ApiKey.leaveGroup

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var members: [Member] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 1)
    try coder.field(&errorCode)
    try coder.field(&members, since: 3)
    try coder.tags()
  }

  package struct Member: WireValue, Equatable {
    package var memberID = ""
    package var groupInstanceID: String?
    package var errorCode = ErrorCode.none

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&memberID)
      try coder.field(&groupInstanceID)
      try coder.field(&errorCode)
      try coder.tags()
    }
  }
}
