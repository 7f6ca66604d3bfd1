import MoldauProtocol

extension Broker {
  /// Names this broker, which coordinates all groups and transactions: there is no other.
  ///
  /// A group's first client asks this first, so what the log has of groups is read from now on.
  func findCoordinator(
    _ request: FindCoordinatorRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    var response = FindCoordinatorResponse()
    let keys = context.header.version >= 4 ? request.keys : [request.key]
    let refusal = refusal(ofCoordinatorType: request.keyType)
    response.coordinators = keys.map { key in
      var coordinator = FindCoordinatorResponse.Coordinator()
      coordinator.key = key
      if let refusal {
        coordinator.errorCode = .invalidRequest
        coordinator.errorMessage = refusal
        coordinator.nodeID = -1
        coordinator.port = -1
      } else {
        coordinator.nodeID = identity.nodeID
        coordinator.host = context.client.advertisedHost
        coordinator.port = context.client.advertisedPort
      }
      return coordinator
    }
    if let only = response.coordinators.first {
      response.errorCode = only.errorCode
      response.errorMessage = only.errorMessage
      response.nodeID = only.nodeID
      response.host = only.host
      response.port = only.port
    }
    if request.keyType == FindCoordinatorRequest.KeyType.group { groups.startLoading() }
    reply.answer(response, to: context.header)
    return .answered
  }

  private func refusal(ofCoordinatorType type: Int8) -> String? {
    switch type {
    case FindCoordinatorRequest.KeyType.group, FindCoordinatorRequest.KeyType.transaction: nil
    case FindCoordinatorRequest.KeyType.share: "share groups are not served"
    default: "there are no coordinators of type \(type)"
    }
  }
}
