/// The brokers that coordinate what a `FindCoordinatorRequest` asked for.
package struct FindCoordinatorResponse: ProtocolResponse {
  package static let apiKey = ApiKey.findCoordinator

  package var throttleTimeMilliseconds: Int32 = 0
  /// Up to version 3 the answer to the only key; from version 4 on `coordinators` has them.
  package var errorCode = ErrorCode.none
  package var errorMessage: String?
  package var nodeID: Int32 = 0
  package var host = ""
  package var port: Int32 = 0
  package var coordinators: [Coordinator] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 1)
    try coder.field(&errorCode, through: 3)
    try coder.field(&errorMessage, since: 1, through: 3)
    try coder.field(&nodeID, through: 3)
    try coder.field(&host, through: 3)
    try coder.field(&port, through: 3)
    try coder.field(&coordinators, since: 4)
    try coder.tags()
  }

  package struct Coordinator: WireValue, Equatable {
    package var key = ""
    package var nodeID: Int32 = 0
    package var host = ""
    package var port: Int32 = 0
    package var errorCode = ErrorCode.none
    package var errorMessage: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&key)
      try coder.field(&nodeID)
      try coder.field(&host)
      try coder.field(&port)
      try coder.field(&errorCode)
      try coder.field(&errorMessage)
      try coder.tags()
    }
  }
}
