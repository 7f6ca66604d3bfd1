import MoldauProtocol

extension Broker {
  /// Lists what has settings: topics and the broker (KIP-1142). Version 0 asks for the metrics of
  /// clients only, of which there are none.
  func listConfigResources(
    _ request: ListConfigResourcesRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    var response = ListConfigResourcesResponse()
    let known = [
      ConfigResourceType.topic, ConfigResourceType.broker, ConfigResourceType.brokerLogger,
      ConfigResourceType.clientMetrics, ConfigResourceType.group,
    ]
    if context.header.version == 0 {
      // Nothing to list.
    } else if request.resourceTypes.allSatisfy(known.contains) {
      let wanted = request.resourceTypes.isEmpty ? known : request.resourceTypes
      for type in known where wanted.contains(type) {
        response.resources += names(of: type).map { name in
          var resource = ListConfigResourcesResponse.Resource()
          resource.type = type
          resource.name = name
          return resource
        }
      }
    } else {
      response.errorCode = .unsupportedVersion
    }
    reply.answer(response, to: context.header)
    return .answered
  }

  private func names(of type: Int8) -> [String] {
    switch type {
    case ConfigResourceType.topic:
      replicas.map { $0.image.topics.keys.sorted() } ?? store.topics.map(\.name)
    case ConfigResourceType.broker, ConfigResourceType.brokerLogger:
      (replicas.map { $0.image.brokers.keys.sorted() } ?? [identity.nodeID]).map { "\($0)" }
    default: []
    }
  }
}
