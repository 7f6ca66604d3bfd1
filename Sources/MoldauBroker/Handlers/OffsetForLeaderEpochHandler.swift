import MoldauFormat
import MoldauProtocol

extension Broker {
  /// Says where leader epochs end, so that a client finds out whether its log went another way
  /// (KIP-320).
  func offsetForLeaderEpoch(
    _ request: OffsetForLeaderEpochRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    var response = OffsetForLeaderEpochResponse()
    response.topics = request.topics.map { topic in
      let hosted = topics.topic(named: topic.name)
      var answer = OffsetForLeaderEpochResponse.Topic()
      answer.name = topic.name
      answer.partitions = topic.partitions.map { asked in
        var result = OffsetForLeaderEpochResponse.Partition()
        result.index = asked.index
        guard let partition = hosted?.partition(asked.index) else {
          result.errorCode = topics.refusal(ofMissing: asked.index, of: topic.name, .zero, hosted)
          return result
        }
        if let code = partition.refusal(ofEpoch: asked.currentLeaderEpoch) {
          result.errorCode = code
        } else if let found = partition.end(ofEpoch: asked.leaderEpoch) {
          result.leaderEpoch = found.epoch
          result.endOffset = found.end.rawValue
        }
        return result
      }
      return answer
    }
    reply.answer(response, to: context.header)
    return .answered
  }
}
