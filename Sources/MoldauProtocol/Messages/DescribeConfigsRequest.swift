/// Asks for the configuration of topics, brokers or groups.
package struct DescribeConfigsRequest: ProtocolRequest {
  package typealias Response = DescribeConfigsResponse
  package static let apiKey = ApiKey.describeConfigs

  package var resources: [Resource] = []
  /// Whether to say where else a value is, or could be, set.
  package var includesSynonyms = false
  package var includesDocumentation = false

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&resources)
    try coder.field(&includesSynonyms, since: 1)
    try coder.field(&includesDocumentation, since: 3)
    try coder.tags()
  }

  package struct Resource: WireValue, Equatable {
    /// One of `ConfigResourceType`.
    package var type: Int8 = 0
    /// A topic's or group's name, a broker's ID, or empty for the default of all brokers.
    package var name = ""
    /// nil: all.
    package var keys: [String]? = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&type)
      try coder.field(&name)
      try coder.field(&keys)
      try coder.tags()
    }
  }
}
