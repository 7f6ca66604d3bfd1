/// The brokers of the cluster.
package struct DescribeClusterResponse: ProtocolResponse {
  package static let apiKey = ApiKey.describeCluster

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var errorMessage: String?
  /// One of `DescribeClusterRequest.EndpointType`.
  package var endpointType = DescribeClusterRequest.EndpointType.broker
  package var clusterID = ""
  package var controllerID: Int32 = -1
  package var brokers: [Broker] = []
  package var clusterAuthorizedOperations = MetadataResponse.operationsNotAsked

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&errorCode)
    try coder.field(&errorMessage)
    try coder.field(&endpointType, since: 1)
    try coder.field(&clusterID)
    try coder.field(&controllerID)
    try coder.field(&brokers)
    try coder.field(&clusterAuthorizedOperations)
    try coder.tags()
  }

  package struct Broker: WireValue, Equatable {
    package var id: Int32 = 0
    package var host = ""
    package var port: Int32 = 0
    package var rack: String?
    package var isFenced = false

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&id)
      try coder.field(&host)
      try coder.field(&port)
      try coder.field(&rack)
      try coder.field(&isFenced, since: 2)
      try coder.tags()
    }
  }
}
