import MoldauCluster
import MoldauProtocol

extension Broker {
  /// Says which brokers there are (KIP-700): this one, or those of its cluster.
  func describeCluster(
    _ request: DescribeClusterRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    var response = DescribeClusterResponse()
    response.endpointType = request.endpointType
    switch request.endpointType {
    case DescribeClusterRequest.EndpointType.broker:
      let view =
        view(for: context)
        ?? ClusterView(ClusterImage(), nodeID: identity.nodeID, context.client)
      describe(view, in: &response)
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
