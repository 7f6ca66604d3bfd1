/// Whether the member may go on, or is to join anew.
package struct HeartbeatResponse: ProtocolResponse {
  package static let apiKey = ApiKey.heartbeat

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 1)
    try coder.field(&errorCode)
    try coder.tags()
  }
}
