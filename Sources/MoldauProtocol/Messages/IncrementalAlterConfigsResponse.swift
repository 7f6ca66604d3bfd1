/// Which configurations were changed.
package struct IncrementalAlterConfigsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.incrementalAlterConfigs

  /// The answers of both requests say the same.
  package typealias Resource = AlterConfigsResponse.Resource

  package var throttleTimeMilliseconds: Int32 = 0
  package var resources: [Resource] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&resources)
    try coder.tags()
  }
}
