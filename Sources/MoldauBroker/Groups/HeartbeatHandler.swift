import MoldauProtocol

extension Broker {
  /// Notes that a member of a classic group is there, and tells it whether it has to join again.
  func heartbeat(
    _ request: HeartbeatRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let answer: (ErrorCode) -> HeartbeatResponse = { code in
      var response = HeartbeatResponse()
      response.errorCode = code
      return response
    }
    if let code = refusal(ofGroup: request.groupID) {
      reply.answer(answer(code), to: context.header)
      return .answered
    }
    return whenLoaded([request.groupID], context, into: &reply, refusal: answer) {
      [self] reply in
      let code: ErrorCode
      do throws(GroupCoordinator.Refusal) {
        code = try groups.change(request.groupID, ClassicGroup.self, orMake: nil) {
          group, _, now, _ in
          group.heartbeat(
            memberID: request.memberID, instanceID: request.groupInstanceID,
            generation: request.generationID, now)
        }
      } catch {
        code = ErrorCode(memberOf: error)
      }
      reply.answer(answer(code), to: context.header)
      return .answered
    }
  }
}
