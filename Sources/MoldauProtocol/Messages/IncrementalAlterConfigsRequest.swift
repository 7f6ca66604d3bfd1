/// Changes single values in the configuration of topics, brokers or groups (KIP-339).
package struct IncrementalAlterConfigsRequest: ProtocolRequest {
  package typealias Response = IncrementalAlterConfigsResponse
  package static let apiKey = ApiKey.incrementalAlterConfigs

  package var resources: [Resource] = []
  /// Whether to check the request and change nothing.
  package var validatesOnly = false

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&resources)
    try coder.field(&validatesOnly)
    try coder.tags()
  }

  /// What to do with a value.
  package enum Operation {
    package static let set: Int8 = 0
    /// Back to its default.
    package static let delete: Int8 = 1
    /// Add to a list.
    package static let append: Int8 = 2
    /// Take out of a list.
    package static let subtract: Int8 = 3
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
    /// One of `Operation`.
    package var operation: Int8 = 0
    package var value: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&operation)
      try coder.field(&value)
      try coder.tags()
    }
  }
}
