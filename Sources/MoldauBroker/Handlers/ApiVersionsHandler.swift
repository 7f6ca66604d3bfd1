import MoldauProtocol

extension Broker {
  /// Says which requests the broker serves.
  func apiVersions(
    _ request: ApiVersionsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    reply.answer(ApiVersionsResponse.listingSupported(), to: context.header)
    return .answered
  }
}
