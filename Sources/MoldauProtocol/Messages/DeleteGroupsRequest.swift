/// Deletes groups that have no members, with their committed offsets.
package struct DeleteGroupsRequest: ProtocolRequest {
  package typealias Response = DeleteGroupsResponse
  package static let apiKey = ApiKey.deleteGroups

  package var groupIDs: [String] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&groupIDs)
    try coder.tags()
  }
}
