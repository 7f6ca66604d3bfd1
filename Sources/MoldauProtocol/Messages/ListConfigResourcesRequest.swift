/// Asks what has a configuration of its own (KIP-1142); version 0 for client metrics only.
package struct ListConfigResourcesRequest: ProtocolRequest {
  package typealias Response = ListConfigResourcesResponse
  package static let apiKey = ApiKey.listConfigResources

  /// Of `ConfigResourceType`; empty: all.
  package var resourceTypes: [Int8] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&resourceTypes, since: 1)
    try coder.tags()
  }
}
