import MoldauProtocol

extension Broker {
  /// Answers the requests of consumer groups.
  func answerGroups(
    _ api: ApiKey, _ reader: inout ProtocolReader, _ context: RequestContext,
    into reply: inout Reply
  ) throws(RequestFailure) -> Outcome {
    switch api {
    case .consumerGroupHeartbeat:
      consumerGroupHeartbeat(try decode(&reader, context), context, into: &reply)
    case .consumerGroupDescribe:
      consumerGroupDescribe(try decode(&reader, context), context, into: &reply)
    default:
      throw .unsupported(apiKey: api.rawValue, version: context.header.version)
    }
  }
}
