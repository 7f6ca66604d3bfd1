extension ConsumerGroup {
  /// Looks at the topics that the members want, if they may be others than before.
  ///
  /// - Parameter isBumping: a new epoch is due anyway.
  mutating func refreshTopics(_ catalog: some TopicCatalog, isBumping: Bool) {
    var isBumping = isBumping
    let version = catalog.version
    if topicsVersion != version {
      let (isMatchingOther, isComplete) = refreshPatterns(catalog, version)
      let wanted = wantedTopics(catalog)
      if wanted != topics {
        topics = wanted
        changes.isTopicsChanged = true
        isBumping = true
      }
      isBumping = isBumping || isMatchingOther
      // The next heartbeat goes on where the steps of this one have ended.
      topicsVersion = isComplete ? version : nil
    }
    if isBumping { bumpEpoch() }
  }

  /// Finds what the patterns match, in a bounded number of steps; returns whether that is other than
  /// before, and whether all was looked at. Until it was, a pattern matches what it did before.
  private mutating func refreshPatterns(
    _ catalog: some TopicCatalog, _ version: UInt64
  ) -> (isMatchingOther: Bool, isComplete: Bool) {
    let used = Set(members.values.lazy.compactMap(\.topicPattern))
    patterns = patterns.filter { used.contains($0.key) }
    var begun = patternPass
    patternPass = nil
    guard patterns.values.contains(where: { $0.version != version }) else { return (false, true) }
    if let pass = begun, pass.version != version || patterns[pass.pattern.text] == nil {
      begun = nil
    }
    let candidates = catalog.patternCandidates
    var isMatchingOther = false
    var steps = settings.patternSteps
    while true {
      let due = patterns.values.first { $0.version != version }
      guard let pattern = begun?.pattern ?? due?.pattern else { break }
      var pass = begun ?? PatternPass(pattern, among: candidates, version: version)
      begun = nil
      guard pass.proceed(takingOff: &steps) else {
        patternPass = pass
        return (isMatchingOther, false)
      }
      isMatchingOther = isMatchingOther || pass.names != patterns[pattern.text]?.names
      patterns[pattern.text] = ResolvedPattern(pattern, names: pass.names, version: version)
    }
    return (isMatchingOther, true)
  }

  private func wantedTopics(_ catalog: some TopicCatalog) -> [String: SubscribableTopic] {
    var names: Set<String> = []
    for member in members.values { names.formUnion(member.topicNames) }
    for pattern in patterns.values { names.formUnion(pattern.names) }
    var wanted: [String: SubscribableTopic] = [:]
    for name in names { wanted[name] = catalog.topic(named: name) }
    return wanted
  }

  /// Makes the target assignment of the group's epoch.
  mutating func assign() {
    // Most members want the same, and equal lists share their memory then.
    var lists: [Wish: [SubscribableTopic]] = [:]
    let candidates = members.values.sorted { $0.id < $1.id }.map { member in
      let wish = Wish(names: member.topicNames, pattern: member.topicPattern)
      let wanted = lists[wish] ?? topics(of: wish)
      lists[wish] = wanted
      return AssignmentCandidate(
        id: member.id, instanceID: member.instanceID, topics: wanted,
        previous: target[member.id] ?? [])
    }
    let shares = assignor.assign(to: candidates)
    for (candidate, share) in zip(candidates, shares) where target[candidate.id] != share {
      target[candidate.id] = share
      changes.targets.insert(candidate.id)
    }
    targetEpoch = epoch
    changes.isTargetEpochChanged = true
  }

  private struct Wish: Hashable {
    let names: [String]
    let pattern: String?
  }

  /// The topics that a member wants and that there are, in the order of their names.
  private func topics(of wish: Wish) -> [SubscribableTopic] {
    var names = Set(wish.names)
    if let pattern = wish.pattern { names.formUnion(patterns[pattern]?.names ?? []) }
    return names.compactMap { topics[$0] }.sorted { $0.name < $1.name }
  }

  /// Leads a member a step towards its target, as far as it and the others let it.
  ///
  /// - Parameter owned: what the member says it owns; nil when it does not say.
  func reconcile(_ member: inout ConsumerGroupMember, owned: Set<GroupPartition>?) {
    switch member.state {
    case .stable where member.epoch == targetEpoch:
      return
    case .unrevokedPartitions:
      guard let owned, owned.isDisjoint(with: member.pendingRevocation) else { return }
    case .stable, .unreleasedPartitions:
      break
    }
    let share = target[member.id] ?? []
    let kept = member.assigned.intersection(share)
    let revoked = member.assigned.subtracting(share)
    // INVARIANT 1: what has an owner is not given to another, whatever the target says.
    let free = share.subtracting(kept).filter { partition in
      guard let owner = owners[partition] else { return true }
      return owner == member.id
    }
    let isWaiting = kept.count + free.count < share.count
    let isStillOwning = owned.map { !$0.isDisjoint(with: revoked) } ?? !revoked.isEmpty
    if isStillOwning {
      member.assigned = kept
      member.pendingRevocation = revoked
      member.state = .unrevokedPartitions
    } else {
      member.assigned = kept.union(free)
      member.pendingRevocation = []
      member.state = isWaiting ? .unreleasedPartitions : .stable
      member.advance(to: targetEpoch)
    }
  }
}
