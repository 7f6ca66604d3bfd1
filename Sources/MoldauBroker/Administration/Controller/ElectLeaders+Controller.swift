import MoldauCluster
import MoldauFormat
import MoldauProtocol

extension Broker {
  /// As `electLeaders`, in a cluster.
  func electLeaders(
    _ request: ElectLeadersRequest, in member: ClusterMember, _ frame: RawSpan,
    _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let kind: ElectionKind
    switch request.electionType {
    case ElectLeadersRequest.ElectionType.preferred: kind = .preferred
    case ElectLeadersRequest.ElectionType.unclean: kind = .unclean
    default:
      reply.answer(ElectLeadersResponse(refusing: .invalidRequest), to: context.header)
      return .answered
    }
    let partitions = request.topics.map { topics in
      topics.flatMap { topic in
        topic.partitions.map { TopicPartition(topic: topic.name, partition: $0) }
      }
    }
    return onController(
      member, frame, context, into: &reply,
      refusal: { ElectLeadersResponse(refusing: $0) },
      { controller, answer in
        controller.electLeaders(kind, of: partitions) { result in
          switch result {
          case .success(let elections): answer(ElectLeadersResponse(elections))
          case .failure(let refusal): answer(ElectLeadersResponse(refusing: refusal.code))
          }
        }
      })
  }
}

extension ElectLeadersResponse {
  fileprivate init(refusing code: ErrorCode) {
    self.init()
    errorCode = code
  }

  fileprivate init(_ elections: [(TopicPartition, ClusterRefusal?)]) {
    self.init()
    for (partition, refusal) in elections {
      var answer = Partition()
      answer.index = partition.partition
      if let refusal {
        answer.errorCode = refusal.code
        answer.errorMessage = refusal.message
      }
      topics.add(answer, ofTopic: partition.topic)
    }
  }
}
