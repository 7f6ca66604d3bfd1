/// What has a configuration of its own.
package struct ListConfigResourcesResponse: ProtocolResponse {
  package static let apiKey = ApiKey.listConfigResources

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var resources: [Resource] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&errorCode)
    try coder.field(&resources)
    try coder.tags()
  }

  package struct Resource: WireValue, Equatable {
    package var name = ""
    /// One of `ConfigResourceType`.
    package var type = ConfigResourceType.clientMetrics

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&type, since: 1)
      try coder.tags()
    }
  }
}
