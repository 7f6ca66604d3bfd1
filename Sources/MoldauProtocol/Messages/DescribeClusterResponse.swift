/// The brokers of the cluster.
package struct DescribeClusterResponse: ProtocolResponse {
  package static let apiKey = ApiKey.describeCluster
  /// Far from the tags that Kafka may give to fields of its own.
  private static let lostReplicaCountTag = 10_001

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var errorMessage: String?
  /// One of `DescribeClusterRequest.EndpointType`.
  package var endpointType = DescribeClusterRequest.EndpointType.broker
  package var clusterID = ""
  package var controllerID: Int32 = -1
  package var brokers: [Broker] = []
  package var clusterAuthorizedOperations = MetadataResponse.operationsNotAsked
  /// How many replicas of the broker that answers were not all there when it registered: Moldau's own
  /// field, which Kafka's clients pass over.
  package var lostReplicaCount: Int32 = 0

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
    var tags = try coder.openTags()
    try coder.field(
      &lostReplicaCount, tag: Self.lostReplicaCountTag, default: 0, since: 0, in: &tags)
    try coder.closeTags(tags)
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
