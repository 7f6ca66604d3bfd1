/// Which configurations were replaced.
package struct AlterConfigsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.alterConfigs

  package var throttleTimeMilliseconds: Int32 = 0
  package var resources: [Resource] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&resources)
    try coder.tags()
  }

  package struct Resource: WireValue, Equatable {
    package var errorCode = ErrorCode.none
    package var errorMessage: String?
    /// One of `ConfigResourceType`.
    package var type: Int8 = 0
    package var name = ""

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&errorCode)
      try coder.field(&errorMessage)
      try coder.field(&type)
      try coder.field(&name)
      try coder.tags()
    }
  }
}
