/// Asks for the brokers of the cluster (KIP-700).
package struct DescribeClusterRequest: ProtocolRequest {
  package typealias Response = DescribeClusterResponse
  package static let apiKey = ApiKey.describeCluster

  package var includesClusterAuthorizedOperations = false
  /// One of `EndpointType`.
  package var endpointType = EndpointType.broker
  /// Whether to list brokers that are fenced off too.
  package var includesFencedBrokers = false

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&includesClusterAuthorizedOperations)
    try coder.field(&endpointType, since: 1)
    try coder.field(&includesFencedBrokers, since: 2)
    try coder.tags()
  }

  /// Whose endpoints are asked for (KIP-919).
  package enum EndpointType {
    package static let broker: Int8 = 1
    package static let controller: Int8 = 2
  }
}
