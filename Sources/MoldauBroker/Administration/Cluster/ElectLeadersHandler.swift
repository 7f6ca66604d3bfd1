import MoldauProtocol

extension Broker {
  /// Says that no election is needed: the one replica of each partition leads it.
  func electLeaders(
    _ request: ElectLeadersRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    var response = ElectLeadersResponse()
    let types = [
      ElectLeadersRequest.ElectionType.preferred, ElectLeadersRequest.ElectionType.unclean,
    ]
    if !types.contains(request.electionType) {
      response.errorCode = .invalidRequest
    } else if let asked = request.topics {
      response.topics = asked.map { topic in
        let hosted = topics.topic(named: topic.name)
        var answer = ElectLeadersResponse.Topic()
        answer.name = topic.name
        answer.partitions = topic.partitions.map { index in
          var partition = ElectLeadersResponse.Partition()
          partition.index = index
          if hosted?.partition(index) != nil {
            partition.errorCode = .electionNotNeeded
            partition.errorMessage = "the partition's one replica leads it"
          } else {
            partition.errorCode = .unknownTopicOrPartition
            partition.errorMessage = "there is no such partition"
          }
          return partition
        }
        return answer
      }
    }
    // Asked for all partitions, an answer has those for which an election took place.
    reply.answer(response, to: context.header)
    return .answered
  }
}
