/// The producer ID and epoch to write with.
package struct InitProducerIDResponse: ProtocolResponse {
  package static let apiKey = ApiKey.initProducerID

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var producerID: Int64 = -1
  package var producerEpoch: Int16 = 0

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&errorCode)
    try coder.field(&producerID)
    try coder.field(&producerEpoch)
    try coder.tags()
  }
}
