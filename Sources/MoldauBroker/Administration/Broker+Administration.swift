import MoldauProtocol

extension Broker {
  /// Answers the requests that look after topics, configurations and the cluster.
  func answerAdministration(
    _ api: ApiKey, _ reader: inout ProtocolReader, _ context: RequestContext,
    into reply: inout Reply
  ) throws(RequestFailure) -> Outcome {
    switch api {
    default:
      throw .unsupported(apiKey: api.rawValue, version: context.header.version)
    }
  }
}
