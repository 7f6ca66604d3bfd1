import MoldauProtocol

extension Broker {
  /// Gives a member of a classic group its assignment, when the leader's has come and is durable.
  func syncGroup(
    _ request: SyncGroupRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    if let code = refusal(ofGroup: request.groupID) {
      reply.answer(ClassicGroup.refusedSync(code), to: context.header)
      return .answered
    }
    return whenLoaded(
      [request.groupID], context, into: &reply, refusal: ClassicGroup.refusedSync
    ) { [self] reply in
      let cell = AnswerCell<SyncGroupResponse>(context.waker)
      let sync = ClassicSync(
        memberID: request.memberID, instanceID: request.groupInstanceID,
        generation: request.generationID, protocolType: request.protocolType,
        protocolName: request.protocolName, assignments: request.assignments)
      do throws(GroupCoordinator.Refusal) {
        try groups.change(
          request.groupID, ClassicGroup.self, orMake: nil,
          wait: { answer in
            switch answer {
            case .sync(let response): cell.settle(response)
            case .refused(let code): cell.settle(ClassicGroup.refusedSync(code))
            case .join: preconditionFailure("a sync is answered as one")
            }
          },
          { group, wait, now, effects in group.sync(sync, wait, now, &effects) })
      } catch {
        cell.settle(ClassicGroup.refusedSync(ErrorCode(memberOf: error)))
      }
      return PendingAnswer.outcome(
        of: cell, context, farewell: ClassicGroup.refusedSync(.coordinatorNotAvailable),
        into: &reply)
    }
  }
}
