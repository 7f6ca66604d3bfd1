import MoldauCluster
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Names the broker that coordinates a group: of a cluster the leader of the group's partition of
  /// `__consumer_offsets`, else this one, which coordinates transactions too.
  ///
  /// A group's first client asks this first, so what the log has of groups is read from now on; in a
  /// cluster the topic is made when it is missing.
  func findCoordinator(
    _ request: FindCoordinatorRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let isOfGroups = request.keyType == FindCoordinatorRequest.KeyType.group
    guard isOfGroups, replicas != nil else {
      if isOfGroups { groups.startLoading() }
      reply.answer(coordinators(request, context), to: context.header)
      return .answered
    }
    guard replicas?.image.topics[GroupOffsets.topicName] == nil else {
      reply.answer(coordinators(request, context), to: context.header)
      return .answered
    }
    let cell = AnswerCell<FindCoordinatorResponse>(context.waker)
    offsetsTopicCreation.run({ [self] in cell.settle(coordinators(request, context)) }) { done in
      createForClients([GroupOffsets.topicName]) { [logger] failures in
        if let code = failures[GroupOffsets.topicName] {
          logger.debug("\(GroupOffsets.topicName): \(code)")
        }
        done()
      }
    }
    return PendingAnswer.outcome(
      of: cell, context, farewell: coordinators(request, context), into: &reply)
  }

  private func coordinators(
    _ request: FindCoordinatorRequest, _ context: RequestContext
  ) -> FindCoordinatorResponse {
    var response = FindCoordinatorResponse()
    let keys = context.header.version >= 4 ? request.keys : [request.key]
    let refusal = refusal(ofCoordinatorType: request.keyType)
    let view = view(for: context)
    response.coordinators = keys.map { key in
      var coordinator = FindCoordinatorResponse.Coordinator()
      coordinator.key = key
      coordinator.nodeID = -1
      coordinator.port = -1
      if let refusal {
        coordinator.errorCode = .invalidRequest
        coordinator.errorMessage = refusal
      } else if let view, request.keyType == FindCoordinatorRequest.KeyType.group {
        if let address = view.coordinator(ofGroup: key) {
          coordinator.nodeID = address.nodeID
          coordinator.host = address.host
          coordinator.port = address.port
        } else {
          coordinator.errorCode = .coordinatorNotAvailable
          coordinator.errorMessage = "no broker leads the group's partition now"
        }
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
    return response
  }

  private func refusal(ofCoordinatorType type: Int8) -> String? {
    switch type {
    case FindCoordinatorRequest.KeyType.group, FindCoordinatorRequest.KeyType.transaction: nil
    case FindCoordinatorRequest.KeyType.share: "share groups are not served"
    default: "there are no coordinators of type \(type)"
    }
  }
}

extension ClusterView {
  /// Where the client finds the coordinator of a group, if someone leads its partition.
  fileprivate func coordinator(ofGroup id: String) -> Address? {
    guard let topic = image.topics[GroupOffsets.topicName], !topic.partitions.isEmpty else {
      return nil
    }
    let number = GroupOffsets.partition(of: id, partitionCount: topic.partitions.count)
    return address(of: topic.partitions[number].leader)
  }
}
