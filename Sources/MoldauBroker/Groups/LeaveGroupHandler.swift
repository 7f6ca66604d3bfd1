import MoldauProtocol

extension Broker {
  /// Lets members of a classic group go, so that the others need not wait for their silence.
  func leaveGroup(
    _ request: LeaveGroupRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let refuse: (ErrorCode) -> LeaveGroupResponse = { code in
      var response = LeaveGroupResponse()
      response.errorCode = code
      return response
    }
    if let code = refusal(ofGroup: request.groupID) {
      reply.answer(refuse(code), to: context.header)
      return .answered
    }
    let isBatch = context.header.version >= 3
    let leaving =
      isBatch
      ? request.members.map { ($0.memberID, $0.groupInstanceID) } : [(request.memberID, nil)]
    for member in request.members {
      guard let reason = member.reason else { continue }
      logger.debug("group \(request.groupID): \(member.memberID) leaves: \(reason)")
    }
    return whenLoaded([request.groupID], context, into: &reply, refusal: refuse) {
      [self] reply in
      let codes: [ErrorCode]
      do throws(GroupCoordinator.Refusal) {
        codes = try groups.change(request.groupID, ClassicGroup.self, orMake: nil) {
          group, _, now, effects in
          group.leave(leaving, now, &effects)
        }
      } catch {
        if error == .notCoordinator {
          reply.answer(refuse(.notCoordinator), to: context.header)
          return .answered
        }
        codes = leaving.map { _ in ErrorCode(memberOf: error) }
      }
      var response = LeaveGroupResponse()
      if isBatch {
        response.members = zip(request.members, codes).map { member, code in
          var result = LeaveGroupResponse.Member()
          result.memberID = member.memberID
          result.groupInstanceID = member.groupInstanceID
          result.errorCode = code
          return result
        }
      } else {
        response.errorCode = codes[0]
      }
      reply.answer(response, to: context.header)
      return .answered
    }
  }
}
