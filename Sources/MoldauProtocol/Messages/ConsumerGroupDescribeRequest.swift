/// Asks for the members of groups of the consumer protocol (KIP-848).
package struct ConsumerGroupDescribeRequest: ProtocolRequest {
  package typealias Response = ConsumerGroupDescribeResponse
  package static let apiKey = ApiKey.consumerGroupDescribe

  package var groupIDs: [String] = []
  package var includesAuthorizedOperations = false

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&groupIDs)
    try coder.field(&includesAuthorizedOperations)
    try coder.tags()
  }
}
