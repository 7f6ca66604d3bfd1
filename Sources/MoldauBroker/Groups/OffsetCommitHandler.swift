import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Keeps offsets of a group; the answer comes when they are as durable as the internal topic's
  /// durability says.
  func offsetCommit(
    _ request: OffsetCommitRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let commit = OffsetCommit(request, self)
    if let code = refusal(ofOffsetsOf: request.groupID) {
      reply.answer(commit.response(code), to: context.header)
      return .answered
    }
    return whenLoaded(
      [request.groupID], context, into: &reply, refusal: { commit.response($0) }
    ) { [self] reply in
      let cell = AnswerCell<OffsetCommitResponse>(context.waker)
      let committer = GroupCommitter(
        memberID: request.memberID, instanceID: request.groupInstanceID,
        epoch: request.generationID)
      let code = groups.commit(request.groupID, by: committer, commit.offsets) { failure in
        cell.settle(commit.response(failure?.code ?? .none))
      }
      if code != .none { cell.settle(commit.response(code)) }
      return PendingAnswer.outcome(of: cell, context, into: &reply)
    }
  }
}

/// The offsets of a request, and what is wrong with those that cannot be kept.
private struct OffsetCommit: Sendable {
  private let request: OffsetCommitRequest
  /// By topic and partition of the request; `none` for those that are to be kept.
  private var refusals: [[ErrorCode]] = []
  var offsets: [(partition: TopicPartition, value: GroupOffsetValue)] = []

  init(_ request: OffsetCommitRequest, _ broker: Broker) {
    self.request = request
    let now = broker.groups.now.wall
    let retention = request.retentionTimeMilliseconds
    let expiry = retention < 0 ? -1 : now.addingReportingOverflow(retention).partialValue
    let limit = min(broker.configuration.groups.maxOffsetMetadataBytes, Limits.groupNameBytes)
    for topic in request.topics {
      let isByID = topic.name.isEmpty && topic.id != .zero
      let known =
        isByID ? broker.knownTopic(topic.id) : broker.knownTopic(named: topic.name)
      var codes: [ErrorCode] = []
      for partition in topic.partitions {
        guard let known else {
          codes.append(isByID ? .unknownTopicID : .unknownTopicOrPartition)
          continue
        }
        guard known.hasPartition(partition.index) else {
          codes.append(.unknownTopicOrPartition)
          continue
        }
        let metadata = partition.committedMetadata ?? ""
        guard metadata.utf8.count <= limit else {
          codes.append(.offsetMetadataTooLarge)
          continue
        }
        codes.append(.none)
        offsets.append(
          (
            TopicPartition(topic: known.name, partition: partition.index),
            GroupOffsetValue(
              offset: Offset(rawValue: partition.committedOffset),
              leaderEpoch: partition.committedLeaderEpoch, metadata: metadata,
              commitTimestampMilliseconds: now,
              expireTimestampMilliseconds: expiry < -1 ? .max : expiry)
          ))
      }
      refusals.append(codes)
    }
  }

  /// The answer when what can be kept ended with `code`.
  func response(_ code: ErrorCode) -> OffsetCommitResponse {
    var response = OffsetCommitResponse()
    response.topics = zip(request.topics, refusals).map { asked, refusals in
      var topic = OffsetCommitResponse.Topic()
      topic.name = asked.name
      topic.id = asked.id
      topic.partitions = zip(asked.partitions, refusals).map { asked, refusal in
        var partition = OffsetCommitResponse.Partition()
        partition.index = asked.index
        partition.errorCode = refusal == .none ? code : refusal
        return partition
      }
      return topic
    }
    return response
  }
}
