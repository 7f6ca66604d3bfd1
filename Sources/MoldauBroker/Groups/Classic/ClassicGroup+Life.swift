import MoldauProtocol

extension ClassicGroup {
  /// A member says that it is there; it learns whether it has to join again.
  mutating func heartbeat(
    memberID: String, instanceID: String?, generation: Int32, _ now: GroupTime
  ) -> ErrorCode {
    if let code = refusal(of: memberID, instanceID) { return code }
    guard generation == self.generation else { return .illegalGeneration }
    switch state {
    case .empty: return .unknownMemberID
    case .preparingRebalance:
      restartSession(of: memberID, now)
      return .rebalanceInProgress
    case .completingRebalance, .stable:
      restartSession(of: memberID, now)
      return .none
    }
  }

  /// Members leave; the results are in the order of `leaving`.
  mutating func leave(
    _ leaving: [(memberID: String, instanceID: String?)], _ now: GroupTime,
    _ effects: inout GroupEffects
  ) -> [ErrorCode] {
    let codes = leaving.map { leaveOne($0.memberID, $0.instanceID, now, &effects) }
    advance(now, &effects)
    return codes
  }

  private mutating func leaveOne(
    _ memberID: String, _ instanceID: String?, _ now: GroupTime, _ effects: inout GroupEffects
  ) -> ErrorCode {
    if pendingMembers.removeValue(forKey: memberID) != nil { return .none }
    var leaver = memberID
    if let instanceID {
      guard let known = staticMembers[instanceID] else { return .unknownMemberID }
      // An administrator names a static member by its instance alone.
      if !memberID.isEmpty, memberID != known { return .fencedInstanceID }
      leaver = known
    }
    guard members[leaver] != nil else { return .unknownMemberID }
    letGo(leaver, now, &effects)
    return .none
  }

  /// Takes a member out; the others share its partitions.
  private mutating func letGo(
    _ memberID: String, _ now: GroupTime, _ effects: inout GroupEffects
  ) {
    remove(memberID, &effects)
    beginRebalance(now, &effects)
  }

  // MARK: Time

  mutating func timePassed(_ now: GroupTime, _ effects: inout GroupEffects) {
    pendingMembers = pendingMembers.filter { $0.value > now.steady }
    for member in membersInOrder where member.canExpire && member.deadline <= now.steady {
      letGo(member.id, now, &effects)
    }
    if let syncDeadline, syncDeadline <= now.steady { endSyncWait(now, &effects) }
    findNextDeadline()
    advance(now, &effects)
  }

  /// Lets those go who have joined and not asked for their assignment in time.
  private mutating func endSyncWait(_ now: GroupTime, _ effects: inout GroupEffects) {
    syncDeadline = nil
    let late = membersInOrder.filter(\.owesSync)
    for member in late { remove(member.id, &effects) }
    if !late.isEmpty { beginRebalance(now, &effects) }
  }

  private mutating func findNextDeadline() {
    nextDeadline = syncDeadline
    for deadline in pendingMembers.values { wake(at: deadline) }
    for member in members.values where member.canExpire { wake(at: member.deadline) }
  }
}
