import MoldauFormat
import MoldauLog
import MoldauProtocol

extension ClassicGroup {
  /// A member asks for its assignment, the leader with everyone's; the answer comes in the effects,
  /// of this event or of a later one.
  mutating func sync(
    _ sync: ClassicSync, _ wait: GroupWaitID, _ now: GroupTime, _ effects: inout GroupEffects
  ) {
    if let code = refusal(of: sync) {
      effects.answers.append((wait, .sync(Self.refusedSync(code))))
      return
    }
    members[sync.memberID]?.owesSync = false
    guard state == .completingRebalance else {
      effects.answers.append((wait, .sync(currentSync(of: sync.memberID))))
      return restartSession(of: sync.memberID, now)
    }
    if let old = members[sync.memberID]?.syncWait {
      effects.answers.append((old, .sync(Self.refusedSync(.rebalanceInProgress))))
    }
    members[sync.memberID]?.syncWait = wait
    guard sync.memberID == leaderID, !isStoringAssignment else { return }
    var assignments: [String: [UInt8]] = [:]
    for given in sync.assignments where members[given.memberID] != nil {
      assignments[given.memberID] = given.assignment
    }
    store(.assignment(generation: generation, assignments), &effects)
  }

  private func refusal(of sync: ClassicSync) -> ErrorCode? {
    if let code = refusal(of: sync.memberID, sync.instanceID) { return code }
    guard sync.generation == generation else { return .illegalGeneration }
    if let type = sync.protocolType, type != memberProtocolType {
      return .inconsistentGroupProtocol
    }
    if let name = sync.protocolName, name != protocolName { return .inconsistentGroupProtocol }
    switch state {
    case .empty: return .unknownMemberID
    case .preparingRebalance: return .rebalanceInProgress
    case .completingRebalance, .stable: return nil
    }
  }

  private func currentSync(of memberID: String) -> SyncGroupResponse {
    var response = SyncGroupResponse()
    response.protocolType = memberProtocolType
    response.protocolName = protocolName
    response.assignment = members[memberID]?.assignment ?? []
    return response
  }

  private var isStoringAssignment: Bool {
    storing.values.contains { storing in
      if case .assignment(generation, _) = storing { return true }
      return false
    }
  }

  /// Ends the syncs that wait, with an error.
  mutating func endSyncs(_ code: ErrorCode, _ now: GroupTime, _ effects: inout GroupEffects) {
    for member in membersInOrder {
      members[member.id]?.assignment = []
      guard let wait = member.syncWait else { continue }
      effects.answers.append((wait, .sync(Self.refusedSync(code))))
      members[member.id]?.syncWait = nil
      restartSession(of: member.id, now)
    }
  }

  // MARK: Storing

  /// Has the group written and remembers for whom.
  mutating func store(_ purpose: Storing, _ effects: inout GroupEffects) {
    var assignments: [String: [UInt8]]?
    if case .assignment(_, let given) = purpose { assignments = given }
    lastStorageToken &+= 1
    storing[lastStorageToken] = purpose
    effects.storageToken = lastStorageToken
    effects.records.append(record(assignments))
    isStored = true
  }

  mutating func recordsStored(
    _ token: Int32, failure: ErrorCode?, _ now: GroupTime, _ effects: inout GroupEffects
  ) {
    // No client expects an error about the size of a commit from these.
    let failure = failure == .invalidCommitOffsetSize ? .unknownServerError : failure
    switch storing.removeValue(forKey: token) {
    case .assignment(let stored, let assignments)?:
      guard state == .completingRebalance, stored == generation else { break }
      if let failure {
        endSyncs(failure, now, &effects)
        beginRebalance(now, &effects)
      } else {
        propagate(assignments, now, &effects)
      }
    case .staticMember(let wait, let response)?:
      let answer = failure.map { Self.refusedJoin($0) } ?? response
      effects.answers.append((wait, .join(answer)))
    case nil:
      preconditionFailure("a group stays until it was told of all that it has stored")
    }
    advance(now, &effects)
  }

  private mutating func propagate(
    _ assignments: [String: [UInt8]], _ now: GroupTime, _ effects: inout GroupEffects
  ) {
    enter(.stable, now)
    for member in membersInOrder {
      members[member.id]?.assignment = assignments[member.id] ?? []
      guard let wait = member.syncWait else { continue }
      members[member.id]?.syncWait = nil
      effects.answers.append((wait, .sync(currentSync(of: member.id))))
      restartSession(of: member.id, now)
    }
  }
}
