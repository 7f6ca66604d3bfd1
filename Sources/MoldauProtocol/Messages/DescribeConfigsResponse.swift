/// The configuration of topics, brokers or groups.
package struct DescribeConfigsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.describeConfigs

  package var throttleTimeMilliseconds: Int32 = 0
  package var results: [Result] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&results)
    try coder.tags()
  }

  /// Where a value was set.
  package enum Source {
    package static let unknown: Int8 = -1
    package static let topic: Int8 = 1
    package static let dynamicBroker: Int8 = 2
    package static let dynamicDefaultBroker: Int8 = 3
    package static let staticBroker: Int8 = 4
    package static let `default`: Int8 = 5
    package static let dynamicBrokerLogger: Int8 = 6
    package static let clientMetrics: Int8 = 7
    package static let group: Int8 = 8
  }

  /// What a value looks like.
  package enum ValueType {
    package static let unknown: Int8 = 0
    package static let boolean: Int8 = 1
    package static let string: Int8 = 2
    package static let int: Int8 = 3
    package static let short: Int8 = 4
    package static let long: Int8 = 5
    package static let double: Int8 = 6
    package static let list: Int8 = 7
    package static let `class`: Int8 = 8
    package static let password: Int8 = 9
  }

  package struct Result: WireValue, Equatable {
    package var errorCode = ErrorCode.none
    package var errorMessage: String?
    /// One of `ConfigResourceType`.
    package var type: Int8 = 0
    package var name = ""
    package var configurations: [Configuration] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&errorCode)
      try coder.field(&errorMessage)
      try coder.field(&type)
      try coder.field(&name)
      try coder.field(&configurations)
      try coder.tags()
    }
  }

  package struct Configuration: WireValue, Equatable {
    package var name = ""
    /// nil when there is none, or it is sensitive.
    package var value: String?
    package var isReadOnly = false
    /// One of `Source`.
    package var source = Source.unknown
    package var isSensitive = false
    package var synonyms: [Synonym] = []
    /// One of `ValueType`.
    package var type = ValueType.unknown
    package var documentation: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&value)
      try coder.field(&isReadOnly)
      // Version 0 tells only whether it is a default.
      var isDefault = source == Source.default
      try coder.field(&isDefault, through: 0)
      if coder.version == 0, isDefault { source = Source.default }
      try coder.field(&source, since: 1)
      try coder.field(&isSensitive)
      try coder.field(&synonyms, since: 1)
      try coder.field(&type, since: 3)
      try coder.field(&documentation, since: 3)
      try coder.tags()
    }
  }

  package struct Synonym: WireValue, Equatable {
    package var name = ""
    package var value: String?
    /// One of `Source`.
    package var source: Int8 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&value)
      try coder.field(&source)
      try coder.tags()
    }
  }
}
