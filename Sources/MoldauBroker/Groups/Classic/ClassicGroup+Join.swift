import MoldauProtocol

extension ClassicGroup {
  /// A member joins, for the first time or again; the answer comes in the effects, of this event or
  /// of a later one.
  mutating func join(
    _ join: ClassicJoin, _ wait: GroupWaitID, _ now: GroupTime, _ effects: inout GroupEffects
  ) {
    if let code = takeIn(join, wait, now, &effects) {
      let id = code == .memberIDRequired ? join.newMemberID : join.memberID
      effects.answers.append((wait, .join(Self.refusedJoin(code, memberID: id))))
    }
    advance(now, &effects)
  }

  /// Returns what is wrong with the join; nil when it is answered or waits.
  private mutating func takeIn(
    _ join: ClassicJoin, _ wait: GroupWaitID, _ now: GroupTime, _ effects: inout GroupEffects
  ) -> ErrorCode? {
    guard hasRoom(for: join), hasMemory(for: join) else {
      pendingMembers[join.memberID] = nil
      return .groupMaxSizeReached
    }
    guard supports(join.protocolType, join.protocols) else { return .inconsistentGroupProtocol }
    if join.memberID.isEmpty { return takeInUnknown(join, wait, now, &effects) }
    if pendingMembers.removeValue(forKey: join.memberID) != nil {
      addMember(join, join.memberID, wait, now, &effects)
      return nil
    }
    if let code = refusal(of: join.memberID, join.instanceID) { return code }
    rejoin(join, wait, now, &effects)
    return nil
  }

  /// Kafka counts those who have joined while a rebalance waits, else all members.
  private func hasRoom(for join: ClassicJoin) -> Bool {
    let limit = configuration.maxSize
    switch state {
    case .empty: return true
    case .preparingRebalance:
      return members[join.memberID]?.joinWait != nil || joinedCount < limit
    case .completingRebalance, .stable:
      let isStatic = join.instanceID.map { staticMembers[$0] != nil } ?? false
      return members[join.memberID] != nil || isStatic || members.count < limit
    }
  }

  /// Bounds the memory that a group takes, and the answer to its leader.
  private func hasMemory(for join: ClassicJoin) -> Bool {
    let knownID = join.instanceID.flatMap { staticMembers[$0] } ?? join.memberID
    let known = members[knownID]?.protocols.byteCount ?? 0
    let instance = join.instanceID?.utf8.count ?? 0
    return byteCount - known + join.protocols.byteCount + instance <= Limits.groupBytes
  }

  private mutating func takeInUnknown(
    _ join: ClassicJoin, _ wait: GroupWaitID, _ now: GroupTime, _ effects: inout GroupEffects
  ) -> ErrorCode? {
    if let instanceID = join.instanceID {
      if let known = staticMembers[instanceID] {
        replaceStatic(known, join, wait, now, &effects)
      } else {
        addMember(join, join.newMemberID, wait, now, &effects)
      }
      return nil
    }
    guard join.requiresKnownID else {
      addMember(join, join.newMemberID, wait, now, &effects)
      return nil
    }
    guard pendingMembers.count < Limits.pendingMemberCount else { return .groupMaxSizeReached }
    let deadline = now.steady + join.sessionTimeoutMilliseconds
    pendingMembers[join.newMemberID] = deadline
    wake(at: deadline)
    return .memberIDRequired
  }

  private mutating func addMember(
    _ join: ClassicJoin, _ memberID: String, _ wait: GroupWaitID, _ now: GroupTime,
    _ effects: inout GroupEffects
  ) {
    if members.isEmpty { memberProtocolType = join.protocolType }
    lastOrder += 1
    var member = ClassicMember(
      id: memberID, instanceID: join.instanceID, clientID: join.clientID,
      clientHost: join.clientHost, order: lastOrder,
      rebalanceTimeoutMilliseconds: join.rebalanceTimeoutMilliseconds,
      sessionTimeoutMilliseconds: join.sessionTimeoutMilliseconds, protocols: join.protocols)
    member.deadline = now.steady + Limits.newMemberJoinMilliseconds
    member.joinWait = wait
    joinedCount += 1
    wake(at: member.deadline)
    add(member)
    if generation == 0 { rebalance?.initial?.hasNewMember = true }
    beginRebalance(now, &effects)
  }

  /// A member that the group knows joins again.
  private mutating func rejoin(
    _ join: ClassicJoin, _ wait: GroupWaitID, _ now: GroupTime, _ effects: inout GroupEffects
  ) {
    let isUnchanged = members[join.memberID]?.protocols == join.protocols
    switch state {
    case .completingRebalance where isUnchanged:
      // Its answer was lost.
      answerJoin(join.memberID, wait, &effects)
      restartSession(of: join.memberID, now)
    case .stable where isUnchanged && join.memberID != leaderID:
      answerJoin(join.memberID, wait, &effects)
      restartSession(of: join.memberID, now)
    case .preparingRebalance, .completingRebalance, .stable:
      update(join.memberID, join)
      setJoinWait(of: join.memberID, wait, &effects)
      beginRebalance(now, &effects)
    case .empty:
      effects.answers.append((wait, .join(Self.refusedJoin(.unknownMemberID))))
    }
  }

  /// Takes over what a member says of itself.
  private mutating func update(_ memberID: String, _ join: ClassicJoin) {
    count(members[memberID]?.protocols ?? [], -1)
    count(join.protocols, 1)
    members[memberID]?.protocols = join.protocols
    members[memberID]?.rebalanceTimeoutMilliseconds = join.rebalanceTimeoutMilliseconds
    members[memberID]?.sessionTimeoutMilliseconds = join.sessionTimeoutMilliseconds
  }

  private mutating func setJoinWait(
    of memberID: String, _ wait: GroupWaitID, _ effects: inout GroupEffects
  ) {
    if let old = members[memberID]?.joinWait {
      // The client has given that request up; whoever still listens may try again.
      effects.answers.append(
        (old, .join(Self.refusedJoin(.rebalanceInProgress, memberID: memberID))))
    } else {
      joinedCount += 1
    }
    members[memberID]?.joinWait = wait
  }

  // MARK: Static members

  /// A static member has come back under a new id: it takes the place of the old one, which is
  /// fenced. When nothing changes for the others there is no rebalance (KIP-345).
  private mutating func replaceStatic(
    _ oldID: String, _ join: ClassicJoin, _ wait: GroupWaitID, _ now: GroupTime,
    _ effects: inout GroupEffects
  ) {
    let oldLeader = leaderID
    let oldTopics = members[oldID]?.topics(for: protocolName)
    rename(oldID, join.newMemberID, &effects)
    update(join.newMemberID, join)
    restartSession(of: join.newMemberID, now)
    let isSame =
      selectProtocol() == protocolName
      && members[join.newMemberID]?.topics(for: protocolName) == oldTopics
    guard state == .stable, isSame else {
      setJoinWait(of: join.newMemberID, wait, &effects)
      return beginRebalance(now, &effects)
    }
    var response = currentJoin(of: join.newMemberID)
    if leaderID == join.newMemberID, join.canSkipAssignment {
      response.skipsAssignment = true
    } else {
      // A client that does not know that it may leave the assignment as it is must not take itself
      // for the leader: it would assign, and nobody would listen.
      response.members = []
      if leaderID == join.newMemberID { response.leader = oldLeader ?? "" }
    }
    store(.staticMember(wait, response), &effects)
  }

  private mutating func rename(
    _ oldID: String, _ newID: String, _ effects: inout GroupEffects
  ) {
    guard let old = members.removeValue(forKey: oldID) else {
      preconditionFailure("a static member is a member")
    }
    if let wait = old.joinWait {
      joinedCount -= 1
      effects.answers.append((wait, .join(Self.refusedJoin(.fencedInstanceID, memberID: oldID))))
    }
    if let wait = old.syncWait {
      effects.answers.append((wait, .sync(Self.refusedSync(.fencedInstanceID))))
    }
    members[newID] = old.renamed(newID)
    if let instanceID = old.instanceID { staticMembers[instanceID] = newID }
    if leaderID == oldID { leaderID = newID }
  }

  // MARK: Answers

  /// Answers with the generation that there is.
  func answerJoin(_ memberID: String, _ wait: GroupWaitID, _ effects: inout GroupEffects) {
    effects.answers.append((wait, .join(currentJoin(of: memberID))))
  }

  /// What a member of the current generation is told; the leader learns who else there is.
  func currentJoin(of memberID: String) -> JoinGroupResponse {
    var response = JoinGroupResponse()
    response.generationID = generation
    response.protocolType = memberProtocolType
    response.protocolName = protocolName
    response.leader = leaderID ?? ""
    response.memberID = memberID
    guard memberID == leaderID else { return response }
    response.members = membersInOrder.map { member in
      var listed = JoinGroupResponse.Member()
      listed.memberID = member.id
      listed.groupInstanceID = member.instanceID
      listed.metadata = member.metadata(for: protocolName)
      return listed
    }
    return response
  }
}
