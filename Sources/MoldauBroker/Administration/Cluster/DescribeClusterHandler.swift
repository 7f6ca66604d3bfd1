import MoldauProtocol

extension Broker {
  /// Says which brokers there are: this one (KIP-700).
  func describeCluster(
    _ request: DescribeClusterRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    var response = DescribeClusterResponse()
    response.endpointType = request.endpointType
    switch request.endpointType {
    case DescribeClusterRequest.EndpointType.broker:
      var broker = DescribeClusterResponse.Broker()
      broker.id = identity.nodeID
      broker.host = context.client.advertisedHost
      broker.port = context.client.advertisedPort
      response.brokers = [broker]
      response.clusterID = identity.clusterID
      response.controllerID = identity.nodeID
      if request.includesClusterAuthorizedOperations {
        response.clusterAuthorizedOperations = AuthorizedOperations.cluster
      }
    case DescribeClusterRequest.EndpointType.controller:
      response.errorCode = .mismatchedEndpointType
      response.errorMessage = "this address is a broker's, not a controller's"
    default:
      response.errorCode = .unsupportedEndpointType
      response.errorMessage = "there is no kind \(request.endpointType) of addresses"
    }
    reply.answer(response, to: context.header)
    return .answered
  }
}
