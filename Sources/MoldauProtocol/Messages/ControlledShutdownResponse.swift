/// What a broker that is about to stop still leads.
package struct ControlledShutdownResponse: ProtocolResponse {
  package static let apiKey = ApiKey.controlledShutdown

  package var errorCode = ErrorCode.none
  package var remaining: [Partition] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&errorCode)
    try coder.field(&remaining)
    try coder.tags()
  }

  package struct Partition: WireValue, Equatable {
    package var topic = ""
    package var index: Int32 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&topic)
      try coder.field(&index)
      try coder.tags()
    }
  }
}
