/// Which groups were deleted.
package struct DeleteGroupsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.deleteGroups

  package var throttleTimeMilliseconds: Int32 = 0
  package var results: [Result] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&results)
    try coder.tags()
  }

  package struct Result: WireValue, Equatable {
    package var groupID = ""
    package var errorCode = ErrorCode.none

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&groupID)
      try coder.field(&errorCode)
      try coder.tags()
    }
  }
}
