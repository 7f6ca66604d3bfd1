import MoldauProtocol

extension ClassicGroup {
  /// Waits for all members to join again; joins that come meanwhile belong to the same rebalance.
  mutating func beginRebalance(_ now: GroupTime, _ effects: inout GroupEffects) {
    guard state != .preparingRebalance else { return }
    if state == .completingRebalance { endSyncs(.rebalanceInProgress, now, &effects) }
    syncDeadline = nil
    for id in members.keys { members[id]?.owesSync = false }
    let patience = rebalanceTimeoutMilliseconds
    if state == .empty {
      // More members are about to come: one rebalance for all is quicker than one for each.
      let delay = min(max(0, configuration.initialRebalanceDelay.milliseconds), patience)
      rebalance = Rebalance(
        deadline: now.steady + delay, initial: (remaining: patience - delay, hasNewMember: false))
    } else {
      rebalance = Rebalance(deadline: now.steady + patience)
    }
    enter(.preparingRebalance, now)
  }

  /// Goes on if there is nothing more to wait for. Ends each event.
  mutating func advance(_ now: GroupTime, _ effects: inout GroupEffects) {
    while state == .preparingRebalance, let rebalance {
      let allHaveJoined =
        rebalance.initial == nil && joinedCount == members.count && pendingMembers.isEmpty
      guard allHaveJoined || rebalance.deadline <= now.steady else {
        return wake(at: rebalance.deadline)
      }
      if rebalance.deadline <= now.steady, prolong(now) { continue }
      completeJoin(now, &effects)
    }
  }

  /// Gives the first generation more time if members keep coming.
  private mutating func prolong(_ now: GroupTime) -> Bool {
    guard let initial = rebalance?.initial, initial.hasNewMember else { return false }
    let delay = min(configuration.initialRebalanceDelay.milliseconds, initial.remaining)
    guard delay > 0 else { return false }
    rebalance = Rebalance(
      deadline: now.steady + delay,
      initial: (remaining: initial.remaining - delay, hasNewMember: false))
    return true
  }

  private var rebalanceTimeoutMilliseconds: Int64 {
    members.values.reduce(0) { max($0, $1.rebalanceTimeoutMilliseconds) }
  }

  /// Begins the next generation with those who have joined.
  ///
  /// Static members that have not are kept: they are restarting, or their session ends.
  private mutating func completeJoin(_ now: GroupTime, _ effects: inout GroupEffects) {
    for member in membersInOrder where member.joinWait == nil && member.instanceID == nil {
      remove(member.id, &effects)
    }
    guard members.isEmpty || electLeader() else {
      // Nobody is there to lead.
      rebalance = Rebalance(
        deadline: now.steady + max(1, rebalanceTimeoutMilliseconds))
      return
    }
    rebalance = nil
    generation = generation == .max ? 1 : generation + 1
    protocolName = members.isEmpty ? nil : selectProtocol()
    subscribedTopics = findSubscribedTopics()
    guard !members.isEmpty else {
      leaderID = nil
      enter(.empty, now)
      effects.records.append(record())
      isStored = true
      return
    }
    enter(.completingRebalance, now)
    syncDeadline = now.steady + rebalanceTimeoutMilliseconds
    wake(at: syncDeadline ?? .max)
    for member in membersInOrder {
      if let wait = member.joinWait { answerJoin(member.id, wait, &effects) }
      members[member.id]?.joinWait = nil
      members[member.id]?.isNew = false
      members[member.id]?.owesSync = true
      // The silence of those who have not joined goes on.
      if member.joinWait != nil { restartSession(of: member.id, now) }
    }
    joinedCount = 0
  }

  /// Sees to it that the leader is one that has joined; false when nobody has.
  private mutating func electLeader() -> Bool {
    if let leaderID, members[leaderID]?.joinWait != nil { return true }
    let joined = members.values.filter { $0.joinWait != nil }
    guard let elected = joined.min(by: { $0.order < $1.order }) else { return false }
    leaderID = elected.id
    return true
  }

  /// The protocol that most members like most among those that all know; of equals the one that
  /// comes first in the list of the eldest member.
  func selectProtocol() -> String? {
    let common = Set(protocolCounts.filter { $0.value == members.count }.keys)
    var votes: [String: Int] = [:]
    for member in members.values {
      if let name = member.protocols.first(where: { common.contains($0.name) })?.name {
        votes[name, default: 0] += 1
      }
    }
    let most = votes.values.max()
    let eldest = members.values.min { $0.order < $1.order }
    return eldest?.protocols.first { votes[$0.name] == most }?.name
      ?? votes.filter { $0.value == most }.keys.min()
  }

  func findSubscribedTopics() -> Set<String>? {
    guard isOfConsumers else { return nil }
    var topics: Set<String> = []
    for member in members.values {
      guard let wanted = member.topics(for: protocolName) else { return nil }
      topics.formUnion(wanted)
    }
    return topics
  }

  mutating func enter(_ next: State, _ now: GroupTime) {
    state = next
    stateTimestampMilliseconds = now.wall
  }
}
