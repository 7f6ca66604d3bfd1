import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Takes a member into a classic group; the answer comes when the group is complete.
  func joinGroup(
    _ request: JoinGroupRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let refuse: @Sendable (ErrorCode) -> JoinGroupResponse = { code in
      ClassicGroup.refusedJoin(code, memberID: request.memberID)
    }
    if let code = refusal(of: request) {
      reply.answer(refuse(code), to: context.header)
      return .answered
    }
    return whenLoaded([request.groupID], context, into: &reply, refusal: refuse) { [self] reply in
      let cell = AnswerCell<JoinGroupResponse>(context.waker)
      let join = ClassicJoin(request, context, configuration.groups, execution.random)
      do throws(GroupCoordinator.Refusal) {
        try groups.change(
          request.groupID, ClassicGroup.self,
          orMake: request.memberID.isEmpty
            ? { [configuration] in ClassicGroup(id: request.groupID, configuration.groups) } : nil,
          wait: { answer in
            switch answer {
            case .join(let response): cell.settle(response)
            case .refused(let code): cell.settle(refuse(code))
            case .sync: preconditionFailure("a join is answered as one")
            }
          },
          { group, wait, now, effects in group.join(join, wait, now, &effects) })
      } catch {
        switch error {
        case .unknownGroup: cell.settle(refuse(.unknownMemberID))
        case .otherType: cell.settle(refuse(.inconsistentGroupProtocol))
        case .notCoordinator: cell.settle(refuse(.notCoordinator))
        }
      }
      return PendingAnswer.outcome(
        of: cell, context, farewell: refuse(.coordinatorNotAvailable), into: &reply)
    }
  }

  private func refusal(of request: JoinGroupRequest) -> ErrorCode? {
    if let code = refusal(ofGroup: request.groupID) { return code }
    let timeout = Int64(request.sessionTimeoutMilliseconds)
    let bounds = configuration.groups
    guard timeout >= bounds.minSessionTimeout.milliseconds,
      timeout <= bounds.maxSessionTimeout.milliseconds
    else { return .invalidSessionTimeout }
    // What the group's record could not hold.
    let names = [request.protocolType] + request.protocols.map(\.name)
    if names.contains(where: { $0.utf8.count > Limits.groupNameBytes }) {
      return .inconsistentGroupProtocol
    }
    guard request.protocols.byteCount <= Limits.groupMemberBytes else { return .invalidRequest }
    if let instance = request.groupInstanceID, instance.utf8.count > Limits.groupNameBytes {
      return .invalidRequest
    }
    return nil
  }
}

extension ClassicJoin {
  fileprivate init(
    _ request: JoinGroupRequest, _ context: RequestContext, _ configuration: GroupConfiguration,
    _ random: RandomSource
  ) {
    let version = context.header.version
    let session = request.sessionTimeoutMilliseconds
    let clientID = ClassicMember.shortened(context.header.clientID ?? "")
    let name = request.groupInstanceID.map(ClassicMember.shortened) ?? clientID
    self.init(
      memberID: request.memberID, instanceID: request.groupInstanceID, clientID: clientID,
      clientHost: context.client.groupHost,
      rebalanceTimeoutMilliseconds: Int64(
        max(0, version >= 1 ? request.rebalanceTimeoutMilliseconds : session)),
      sessionTimeoutMilliseconds: Int64(session), protocolType: request.protocolType,
      protocols: request.protocols, requiresKnownID: version >= 4,
      canSkipAssignment: version >= 9, newMemberID: ClassicMember.newID(after: name, random))
  }
}

extension ClassicMember {
  /// An id that nobody has, which tells a reader whose it is.
  fileprivate static func newID(after name: String, _ random: RandomSource) -> String {
    var generator = random
    let digits = Array(TopicID.random(using: &generator).hexadecimal)
    let parts = [digits[0..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20...]]
    return "\(name)-\(parts.map { String($0) }.joined(separator: "-"))"
  }

  /// A name for people, of bounded length.
  fileprivate static func shortened(_ name: String) -> String {
    guard name.utf8.count > Limits.shownNameBytes else { return name }
    return String(decoding: name.utf8.prefix(Limits.shownNameBytes), as: UTF8.self)
  }
}
