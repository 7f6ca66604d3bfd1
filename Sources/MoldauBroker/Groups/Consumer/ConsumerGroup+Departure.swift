extension ConsumerGroup {
  /// Lets a member go: for good, or for a while when it is a static one that says so.
  mutating func depart(
    _ heartbeat: MemberHeartbeat, now: Int64
  ) throws(ConsumerGroupError) -> MemberAnswer {
    var member = try knownMember(heartbeat)
    if heartbeat.memberEpoch == Self.steppingAway, member.instanceID != nil {
      // What it has stays its own until it is back or its session ends; it has given the rest back.
      member.epoch = Self.steppingAway
      member.pendingRevocation = []
      member.state = .stable
      member.revocationDeadline = nil
      store(member)
    } else {
      remove(member)
      topicsVersion = nil
      bumpEpoch()
    }
    return MemberAnswer(memberID: member.id, memberEpoch: heartbeat.memberEpoch)
  }

  /// Takes out the members whose time is up, and returns their ids, in order.
  ///
  /// The rest gets their partitions with the next heartbeats.
  mutating func expire(now: Int64) -> [String] {
    guard now >= earliestDeadline else { return [] }
    earliestDeadline = .max
    var expired: [ConsumerGroupMember] = []
    for member in members.values {
      let deadline = min(member.sessionDeadline, member.revocationDeadline ?? .max)
      if deadline <= now { expired.append(member) } else { noteDeadline(deadline) }
    }
    guard !expired.isEmpty else { return [] }
    for member in expired { remove(member) }
    topicsVersion = nil
    bumpEpoch()
    return expired.map(\.id).sorted()
  }
}
