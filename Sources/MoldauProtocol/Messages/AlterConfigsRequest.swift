/// Replaces the whole configuration of topics or brokers; what it leaves out goes to its default.
package struct AlterConfigsRequest: ProtocolRequest {
  package typealias Response = AlterConfigsResponse
  package static let apiKey = ApiKey.alterConfigs

  package var resources: [Resource] = []
  /// Whether to check the request and change nothing.
  package var validatesOnly = false

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&resources)
    try coder.field(&validatesOnly)
    try coder.tags()
  }

  package struct Resource: WireValue, Equatable {
    /// One of `ConfigResourceType`.
    package var type: Int8 = 0
    package var name = ""
    package var configurations: [Configuration] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&type)
      try coder.field(&name)
      try coder.field(&configurations)
      try coder.tags()
    }
  }

  package struct Configuration: WireValue, Equatable {
    package var name = ""
    package var value: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&value)
      try coder.tags()
    }
  }
}
