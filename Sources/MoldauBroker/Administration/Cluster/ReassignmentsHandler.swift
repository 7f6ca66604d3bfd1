import MoldauProtocol

extension Broker {
  /// Moves replicas as far as one broker can: to where they are.
  func alterPartitionReassignments(
    _ request: AlterPartitionReassignmentsRequest, _ context: RequestContext,
    into reply: inout Reply
  ) -> Outcome {
    var response = AlterPartitionReassignmentsResponse()
    response.allowsReplicationFactorChange = request.allowsReplicationFactorChange
    response.topics = request.topics.map { topic in
      let hosted = topics.topic(named: topic.name)
      var answer = AlterPartitionReassignmentsResponse.Topic()
      answer.name = topic.name
      answer.partitions = topic.partitions.map { asked in
        var partition = AlterPartitionReassignmentsResponse.Partition()
        partition.index = asked.index
        if let refusal = refusal(of: asked, hosted?.partition(asked.index)) {
          partition.errorCode = refusal.code
          partition.errorMessage = refusal.message
        }
        return partition
      }
      return answer
    }
    reply.answer(response, to: context.header)
    return .answered
  }

  private func refusal(
    of asked: AlterPartitionReassignmentsRequest.Partition, _ partition: Partition?
  ) -> AdministrationRefusal? {
    guard partition != nil else {
      return AdministrationRefusal(.unknownTopicOrPartition, "there is no such partition")
    }
    guard let replicas = asked.replicas else {
      return AdministrationRefusal(.noReassignmentInProgress, "no replica is moving")
    }
    guard replicas == [identity.nodeID] else {
      return AdministrationRefusal(
        .invalidReplicaAssignment,
        "replicas \(replicas): each partition has one replica, on broker \(identity.nodeID)")
    }
    return nil
  }

  /// Lists the replicas that are moving: none.
  func listPartitionReassignments(
    _ request: ListPartitionReassignmentsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    reply.answer(ListPartitionReassignmentsResponse(), to: context.header)
    return .answered
  }
}
