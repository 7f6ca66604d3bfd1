/// Asks for the groups that a broker coordinates.
package struct ListGroupsRequest: ProtocolRequest {
  package typealias Response = ListGroupsResponse
  package static let apiKey = ApiKey.listGroups

  /// Empty: groups in any state.
  package var statesFilter: [String] = []
  /// Empty: groups of any type.
  package var typesFilter: [String] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&statesFilter, since: 4)
    try coder.field(&typesFilter, since: 5)
    try coder.tags()
  }
}
