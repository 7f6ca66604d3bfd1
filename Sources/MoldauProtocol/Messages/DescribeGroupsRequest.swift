/// Asks for the members of classic groups.
package struct DescribeGroupsRequest: ProtocolRequest {
  package typealias Response = DescribeGroupsResponse
  package static let apiKey = ApiKey.describeGroups

  package var groupIDs: [String] = []
  package var includesAuthorizedOperations = false

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&groupIDs)
    try coder.field(&includesAuthorizedOperations, since: 3)
    try coder.tags()
  }
}
