/// Says that a member of a classic group is alive.
package struct HeartbeatRequest: ProtocolRequest {
  package typealias Response = HeartbeatResponse
  package static let apiKey = ApiKey.heartbeat

  package var groupID = ""
  package var generationID: Int32 = 0
  package var memberID = ""
  package var groupInstanceID: String?

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&groupID)
    try coder.field(&generationID)
    try coder.field(&memberID)
    try coder.field(&groupInstanceID, since: 3)
    try coder.tags()
  }
}
