/// A member's assignment.
package struct SyncGroupResponse: ProtocolResponse {
  package static let apiKey = ApiKey.syncGroup

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var protocolType: String?
  package var protocolName: String?
  /// As the leader wrote it.
  package var assignment: [UInt8] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 1)
    try coder.field(&errorCode)
    try coder.field(&protocolType, since: 5)
    try coder.field(&protocolName, since: 5)
    try coder.field(&assignment)
    try coder.tags()
  }
}
