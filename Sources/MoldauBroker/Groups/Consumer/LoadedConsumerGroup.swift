import MoldauFormat

/// What the log says of a consumer group, put together record by record.
struct LoadedConsumerGroup: Sendable {
  private var epoch: Int32?
  private var targetEpoch: Int32?
  private var topics = ConsumerGroupTopicsValue(topics: [])
  private var wants: [String: ConsumerGroupMemberValue] = [:]
  private var targets: [String: ConsumerGroupTargetValue] = [:]
  private var currents: [String: ConsumerGroupCurrentValue] = [:]

  init() {}

  /// Takes a record over; a later one for the same key counts.
  mutating func apply(_ key: ConsumerGroupKey, _ value: RawSpan?) throws(FormatError) {
    switch key {
    case .group:
      epoch = nil
      if let value { epoch = try ConsumerGroupEpochValue(parsing: value).epoch }
    case .target:
      targetEpoch = nil
      if let value { targetEpoch = try ConsumerGroupEpochValue(parsing: value).epoch }
    case .topics:
      topics = ConsumerGroupTopicsValue(topics: [])
      if let value { topics = try ConsumerGroupTopicsValue(parsing: value) }
    case .member(_, let id):
      wants[id] = nil
      if let value { wants[id] = try ConsumerGroupMemberValue(parsing: value) }
    case .memberTarget(_, let id):
      targets[id] = nil
      if let value { targets[id] = try ConsumerGroupTargetValue(parsing: value) }
    case .memberCurrent(_, let id):
      currents[id] = nil
      if let value { currents[id] = try ConsumerGroupCurrentValue(parsing: value) }
    }
  }

  /// Returns the group, or nil when it is gone.
  ///
  /// Its members have a full session from now on to be heard of. What another broker may have left
  /// at odds is put right: a partition that two members own, or are to own, stays with the first.
  func group(
    id: String, settings: ConsumerGroupSettings, now: Int64
  ) -> ConsumerGroup? {
    guard let epoch else { return nil }
    var group = ConsumerGroup(id: id, settings: settings)
    var targeted: Set<GroupPartition> = []
    for (id, wish) in wants.sorted(by: { $0.key < $1.key }) {
      var member = ConsumerGroupMember(id: id, wish)
      member.sessionDeadline = now + settings.sessionTimeoutMilliseconds
      if let current = currents[id] { take(current, to: &member, group.owners, now) }
      group.store(member)
      group.noteDeadline(min(member.sessionDeadline, member.revocationDeadline ?? .max))
      if let instance = member.instanceID { group.staticMembers[instance] = id }
      if let target = targets[id] {
        let share = Set(target.topics).subtracting(targeted)
        targeted.formUnion(share)
        group.target[id] = share
      }
    }
    let newest = group.members.values.map(\.epoch).max() ?? 0
    group.targetEpoch = max(0, targetEpoch ?? 0, newest)
    group.epoch = max(0, epoch, group.targetEpoch)
    for topic in topics.topics {
      group.topics[topic.name] = SubscribableTopic(
        id: topic.id, name: topic.name, partitionCount: max(0, topic.partitionCount))
    }
    restorePatterns(of: &group)
    group.markWritten()
    return group
  }

  private func take(
    _ current: ConsumerGroupCurrentValue, to member: inout ConsumerGroupMember,
    _ owners: [GroupPartition: String], _ now: Int64
  ) {
    member.epoch = current.epoch
    member.previousEpoch = current.previousEpoch
    member.state = ConsumerGroupMember.State(rawValue: current.state) ?? .unreleasedPartitions
    member.assigned = Set(current.assigned).filter { owners[$0] == nil }
    member.pendingRevocation = Set(current.pendingRevocation)
      .filter { owners[$0] == nil }.subtracting(member.assigned)
    if member.state == .unrevokedPartitions {
      member.revocationDeadline = now + Int64(member.rebalanceTimeoutMilliseconds)
    }
  }

  /// What a pattern matched before is what it matches of the topics that the group had.
  private func restorePatterns(of group: inout ConsumerGroup) {
    // Hostile ones find nothing here, and what they match when their members come.
    var steps = group.settings.patternSteps
    for case let text? in group.members.values.map(\.topicPattern) where group.patterns[text] == nil
    {
      // One of another broker's that is not understood here matches nothing.
      guard let pattern = TopicPattern.understood(text) else { continue }
      let names = group.topics.keys.filter { steps > 0 && pattern.matches($0, takingOff: &steps) }
      group.patterns[text] = ResolvedPattern(pattern, names: Set(names))
    }
  }
}

extension TopicPattern {
  fileprivate static func understood(_ text: String) -> TopicPattern? {
    do throws(TopicPatternError) { return try TopicPattern(text) } catch { return nil }
  }
}

extension ConsumerGroupMember {
  fileprivate init(id: String, _ wish: ConsumerGroupMemberValue) {
    self.init(id: id)
    instanceID = wish.instanceID
    rackID = wish.rackID
    clientID = wish.clientID
    clientHost = wish.clientHost
    topicNames = Set(wish.topicNames).sorted()
    topicPattern = wish.topicPattern
    rebalanceTimeoutMilliseconds = max(0, wish.rebalanceTimeoutMilliseconds)
    assignor = wish.assignor
  }
}
