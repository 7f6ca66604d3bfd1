import MoldauFormat
import MoldauProtocol

extension Broker {
  /// Takes back committed offsets of topics that no member of the group reads.
  func offsetDelete(
    _ request: OffsetDeleteRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let refuse: @Sendable (ErrorCode) -> OffsetDeleteResponse = { code in
      var response = OffsetDeleteResponse()
      response.errorCode = code
      return response
    }
    return whenLoaded([request.groupID], context, into: &reply, refusal: refuse) {
      [self] reply in
      let cell = AnswerCell<OffsetDeleteResponse>(context.waker)
      var response = OffsetDeleteResponse()
      var wanted: [TopicPartition] = []
      for asked in request.topics {
        let isSubscribed = groups.isSubscribed(request.groupID, to: asked.name)
        let known = knownTopic(named: asked.name)
        var topic = OffsetDeleteResponse.Topic()
        topic.name = asked.name
        topic.partitions = asked.partitions.map { asked in
          var partition = OffsetDeleteResponse.Partition()
          partition.index = asked.index
          if known?.hasPartition(asked.index) != true {
            partition.errorCode = .unknownTopicOrPartition
          } else if isSubscribed {
            partition.errorCode = .groupSubscribedToTopic
          } else {
            wanted.append(TopicPartition(topic: topic.name, partition: asked.index))
          }
          return partition
        }
        response.topics.append(topic)
      }
      let done = response
      let code = groups.deleteOffsets(of: request.groupID, wanted) { failure in
        cell.settle(failure.map { refuse($0.code) } ?? done)
      }
      if code != .none { cell.settle(refuse(code)) }
      return PendingAnswer.outcome(of: cell, context, into: &reply)
    }
  }
}
