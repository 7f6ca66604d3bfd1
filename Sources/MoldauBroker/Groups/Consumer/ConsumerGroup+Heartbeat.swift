extension ConsumerGroup {
  /// Takes a member's heartbeat: it joins, leaves, says what it wants or owns, or just lives.
  ///
  /// Nothing changes when it throws.
  /// - Complexity: O(what is said) when nothing changes for the group; else O(members + partitions).
  mutating func heartbeat(
    _ heartbeat: MemberHeartbeat, _ catalog: some TopicCatalog, now: Int64
  ) throws(ConsumerGroupError) -> MemberAnswer {
    if heartbeat.memberEpoch < Self.joining { return try depart(heartbeat, now: now) }
    let admission = try admit(heartbeat)
    let pattern = try compilePattern(of: heartbeat)
    let before = take(admission, heartbeat)
    var member = before
    let isWantingOther = update(&member, from: heartbeat, pattern)
    store(member)
    if isWantingOther { topicsVersion = nil }
    refreshTopics(catalog, isBumping: isWantingOther || admission.isNew)
    if epoch > targetEpoch { assign() }
    reconcile(&member, owned: heartbeat.owned)
    member.sessionDeadline = now + settings.sessionTimeoutMilliseconds
    if member.state != .unrevokedPartitions {
      member.revocationDeadline = nil
    } else if member.revocationDeadline == nil
      || member.pendingRevocation != before.pendingRevocation
    {
      member.revocationDeadline = now + Int64(member.rebalanceTimeoutMilliseconds)
    }
    noteDeadline(min(member.sessionDeadline, member.revocationDeadline ?? .max))
    store(member)
    let isTold =
      heartbeat.memberEpoch == Self.joining || heartbeat.isFull
      || member.assigned != before.assigned
    return MemberAnswer(
      memberID: member.id, memberEpoch: member.epoch, assignment: isTold ? member.assigned : nil)
  }

  // MARK: Who it is

  /// How a heartbeat's sender is to be taken.
  private enum Admission {
    /// A member as the group knows it.
    case known(ConsumerGroupMember)
    /// A new one.
    case new
    /// A known one that has given up all it had and starts over.
    case restarting(ConsumerGroupMember)
    /// A new one in the place of a static member that is away.
    case replacing(ConsumerGroupMember)

    var isNew: Bool {
      switch self {
      case .new, .restarting: true
      case .known, .replacing: false
      }
    }
  }

  private func admit(_ heartbeat: MemberHeartbeat) throws(ConsumerGroupError) -> Admission {
    if heartbeat.memberEpoch == Self.joining { return try admitJoining(heartbeat) }
    let member = try knownMember(heartbeat)
    let epoch = heartbeat.memberEpoch
    guard epoch != member.epoch else { return .known(member) }
    // The answer that told of the next epoch may have been lost on its way.
    let isBehind = epoch == member.previousEpoch && epoch < member.epoch
    guard isBehind, let owned = heartbeat.owned, owned.isSubset(of: member.assigned) else {
      throw ConsumerGroupError(
        .fencedMemberEpoch,
        "the member is in epoch \(epoch), but the coordinator has it in \(member.epoch); "
          + "it has to give up all its partitions and join again")
    }
    return .known(member)
  }

  private func admitJoining(
    _ heartbeat: MemberHeartbeat
  ) throws(ConsumerGroupError) -> Admission {
    let known: ConsumerGroupMember?
    if let instance = heartbeat.instanceID {
      known = staticMembers[instance].flatMap { members[$0] } ?? members[heartbeat.memberID]
    } else {
      known = members[heartbeat.memberID]
    }
    guard let known else {
      guard members.count < settings.maxMembers else {
        throw ConsumerGroupError(
          .groupMaxSizeReached, "the group has its \(settings.maxMembers) members already")
      }
      return .new
    }
    let isSame = known.instanceID == heartbeat.instanceID
    if known.isAway && isSame { return .replacing(known) }
    guard known.id == heartbeat.memberID else {
      throw ConsumerGroupError(
        .unreleasedInstanceID,
        "the instance id \(heartbeat.instanceID ?? "") belongs to member \(known.id), which has "
          + "not left")
    }
    // The answer to the first join may have been lost; later ones are of a member that was fenced.
    return isSame && known.previousEpoch == Self.joining ? .known(known) : .restarting(known)
  }

  /// Returns the member that says it is one.
  func knownMember(
    _ heartbeat: MemberHeartbeat
  ) throws(ConsumerGroupError) -> ConsumerGroupMember {
    guard let instance = heartbeat.instanceID else {
      guard let member = members[heartbeat.memberID] else {
        throw ConsumerGroupError(
          .unknownMemberID, "\(heartbeat.memberID) is no member of the group")
      }
      return member
    }
    guard let id = staticMembers[instance], let member = members[id] else {
      throw ConsumerGroupError(
        .unknownMemberID, "no member of the group has the instance id \(instance)")
    }
    guard id == heartbeat.memberID else {
      throw ConsumerGroupError(
        .fencedInstanceID, "member \(id) has the instance id \(instance)")
    }
    return member
  }

  /// Makes the sender a member and returns it.
  private mutating func take(
    _ admission: Admission, _ heartbeat: MemberHeartbeat
  ) -> ConsumerGroupMember {
    switch admission {
    case .known(let member):
      return member
    case .new:
      return ConsumerGroupMember(id: heartbeat.memberID)
    case .restarting(let member):
      remove(member)
      return ConsumerGroupMember(id: heartbeat.memberID)
    case .replacing(let absent):
      return replace(absent, by: heartbeat.memberID)
    }
  }

  /// Gives all that an absent static member has, and was to have, to the one that takes its place.
  private mutating func replace(
    _ absent: ConsumerGroupMember, by id: String
  ) -> ConsumerGroupMember {
    let share = target[absent.id]
    remove(absent)
    if let other = members[id] { remove(other) }
    var member = ConsumerGroupMember(id: id)
    member.instanceID = absent.instanceID
    member.rackID = absent.rackID
    member.topicNames = absent.topicNames
    member.topicPattern = absent.topicPattern
    member.rebalanceTimeoutMilliseconds = absent.rebalanceTimeoutMilliseconds
    member.assignor = absent.assignor
    member.assigned = absent.assigned
    target[id] = share
    changes.targets.insert(id)
    return member
  }

  // MARK: What it wants

  /// Returns the pattern that a heartbeat brings, unless the group knows it.
  private func compilePattern(
    of heartbeat: MemberHeartbeat
  ) throws(ConsumerGroupError) -> TopicPattern? {
    guard let text = heartbeat.topicPattern, !text.isEmpty, patterns[text] == nil else {
      return nil
    }
    do throws(TopicPatternError) { return try TopicPattern(text) } catch {
      throw ConsumerGroupError(
        .invalidRegularExpression, "the pattern \(text) is not understood: \(error.reason)")
    }
  }

  /// Takes over what a heartbeat says; returns whether the member wants other topics than before.
  private mutating func update(
    _ member: inout ConsumerGroupMember, from heartbeat: MemberHeartbeat,
    _ pattern: TopicPattern?
  ) -> Bool {
    let before = member
    if let instance = heartbeat.instanceID {
      member.instanceID = instance
      staticMembers[instance] = member.id
    }
    member.rackID = heartbeat.rackID ?? member.rackID
    member.rebalanceTimeoutMilliseconds =
      heartbeat.rebalanceTimeoutMilliseconds ?? member.rebalanceTimeoutMilliseconds
    if let names = heartbeat.topicNames { member.topicNames = Set(names).sorted() }
    if let text = heartbeat.topicPattern { member.topicPattern = text.isEmpty ? nil : text }
    if let pattern { patterns[pattern.text] = ResolvedPattern(pattern) }
    member.assignor = heartbeat.assignor ?? member.assignor
    member.clientID = heartbeat.clientID
    member.clientHost = heartbeat.clientHost
    if member != before || members[member.id] == nil { changes.wants.insert(member.id) }
    return member.topicNames != before.topicNames || member.topicPattern != before.topicPattern
  }
}
