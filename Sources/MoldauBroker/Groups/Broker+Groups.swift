import MoldauProtocol

extension Broker {
  /// Answers the requests of consumer groups.
  func answerGroups(
    _ api: ApiKey, _ reader: inout ProtocolReader, _ context: RequestContext,
    into reply: inout Reply
  ) throws(RequestFailure) -> Outcome {
    switch api {
    case .findCoordinator:
      findCoordinator(try decode(&reader, context), context, into: &reply)
    case .joinGroup:
      joinGroup(try decode(&reader, context), context, into: &reply)
    case .syncGroup:
      syncGroup(try decode(&reader, context), context, into: &reply)
    case .heartbeat:
      heartbeat(try decode(&reader, context), context, into: &reply)
    case .leaveGroup:
      leaveGroup(try decode(&reader, context), context, into: &reply)
    case .offsetCommit:
      offsetCommit(try decode(&reader, context), context, into: &reply)
    case .offsetFetch:
      offsetFetch(try decode(&reader, context), context, into: &reply)
    case .describeGroups:
      describeGroups(try decode(&reader, context), context, into: &reply)
    case .listGroups:
      listGroups(try decode(&reader, context), context, into: &reply)
    case .deleteGroups:
      deleteGroups(try decode(&reader, context), context, into: &reply)
    case .offsetDelete:
      offsetDelete(try decode(&reader, context), context, into: &reply)
    case .consumerGroupHeartbeat:
      consumerGroupHeartbeat(try decode(&reader, context), context, into: &reply)
    case .consumerGroupDescribe:
      consumerGroupDescribe(try decode(&reader, context), context, into: &reply)
    default:
      throw .unsupported(apiKey: api.rawValue, version: context.header.version)
    }
  }

  /// Lets `start` answer once the groups are loaded, nil for all; `refusal` makes the answer when
  /// they cannot be, or not soon enough.
  func whenLoaded<Response: ProtocolResponse>(
    _ groupIDs: [String]?, _ context: RequestContext, into reply: inout Reply,
    refusal: @escaping (ErrorCode) -> Response, _ start: @escaping (inout Reply) -> Outcome
  ) -> Outcome {
    PendingLoad.outcome(
      groups, groupIDs, context, into: &reply,
      refuse: { code, reply in reply.answer(refusal(code), to: context.header) }, start)
  }

  /// What is wrong with the name of a group that members name.
  func refusal(ofGroup id: String) -> ErrorCode? {
    id.isEmpty ? .invalidGroupID : refusal(ofOffsetsOf: id)
  }

  /// What is wrong with the name of a group whose offsets are meant; Kafka lets it be empty.
  func refusal(ofOffsetsOf id: String) -> ErrorCode? {
    id.utf8.count > Limits.groupNameBytes ? .invalidGroupID : nil
  }
}
