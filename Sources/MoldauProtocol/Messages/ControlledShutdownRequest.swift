/// A broker is about to stop and wants to lead nothing any more.
package struct ControlledShutdownRequest: ProtocolRequest {
  package typealias Response = ControlledShutdownResponse
  package static let apiKey = ApiKey.controlledShutdown

  package var brokerID: Int32 = 0
  package var brokerEpoch: Int64 = -1

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&brokerID)
    try coder.field(&brokerEpoch)
    try coder.tags()
  }
}
