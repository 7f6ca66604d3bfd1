import MoldauCluster
import MoldauFormat
import MoldauProtocol

extension Broker {
  /// As `alterPartitionReassignments`, in a cluster: the answer comes when the moves have begun.
  func alterPartitionReassignments(
    _ request: AlterPartitionReassignmentsRequest, in member: ClusterMember, _ frame: RawSpan,
    _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let asked = request.topics.flatMap { topic in
      topic.partitions.map { partition in
        Reassignment(
          partition: TopicPartition(topic: topic.name, partition: partition.index),
          replicas: partition.replicas)
      }
    }
    let refuse: @Sendable (ErrorCode) -> AlterPartitionReassignmentsResponse = { code in
      var response = AlterPartitionReassignmentsResponse()
      response.errorCode = code
      return response
    }
    return onController(
      member, frame, context, into: &reply, refusal: refuse,
      { controller, answer in
        if !request.allowsReplicationFactorChange, let refusal = changedCount(asked) {
          var response = refuse(refusal.code)
          response.errorMessage = refusal.message
          return answer(response)
        }
        controller.reassign(asked) { refusals in
          var response = AlterPartitionReassignmentsResponse()
          response.allowsReplicationFactorChange = request.allowsReplicationFactorChange
          response.add(asked, refusals)
          answer(response)
        }
      })
  }

  /// What is wrong with moves that are not to change how many replicas there are.
  private func changedCount(_ asked: [Reassignment]) -> AdministrationRefusal? {
    guard let image = replicas?.image else { return nil }
    for move in asked {
      guard let replicas = move.replicas, let partition = image.partition(move.partition) else {
        continue
      }
      let count = partition.replicas.count - partition.adding.count
      if replicas.count != count {
        return AdministrationRefusal(
          .invalidReplicationFactor,
          "\(move.partition) has \(count) replicas and would have \(replicas.count)")
      }
    }
    return nil
  }

  /// As `listPartitionReassignments`, in a cluster.
  func listPartitionReassignments(
    _ request: ListPartitionReassignmentsRequest, in member: ClusterMember, _ frame: RawSpan,
    _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let asked = request.topics.map { topics in
      topics.flatMap { topic in
        topic.partitionIndexes.map { TopicPartition(topic: topic.name, partition: $0) }
      }
    }
    let refuse: @Sendable (ErrorCode) -> ListPartitionReassignmentsResponse = { code in
      var response = ListPartitionReassignmentsResponse()
      response.errorCode = code
      return response
    }
    return onController(
      member, frame, context, into: &reply, refusal: refuse,
      { controller, answer in
        controller.listReassignments(of: asked) { result in
          switch result {
          case .success(let moving): answer(ListPartitionReassignmentsResponse(moving))
          case .failure(let refusal):
            var response = refuse(refusal.code)
            response.errorMessage = refusal.message
            answer(response)
          }
        }
      })
  }
}

extension AlterPartitionReassignmentsResponse {
  fileprivate mutating func add(_ asked: [Reassignment], _ refusals: [ClusterRefusal?]) {
    for (move, refusal) in zip(asked, refusals) {
      var answer = Partition()
      answer.index = move.partition.partition
      if let refusal {
        answer.errorCode = refusal.code
        answer.errorMessage = refusal.message
      }
      topics.add(answer, ofTopic: move.partition.topic)
    }
  }
}

extension ListPartitionReassignmentsResponse {
  fileprivate init(_ moving: [(TopicPartition, PartitionImage)]) {
    self.init()
    for (partition, image) in moving {
      var answer = Partition()
      answer.index = partition.partition
      answer.replicas = image.replicas
      answer.addingReplicas = image.adding
      answer.removingReplicas = image.removing
      topics.add(answer, ofTopic: partition.topic)
    }
  }
}
