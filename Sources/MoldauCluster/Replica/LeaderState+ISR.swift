package import MoldauFormat

/// Changes of the in-sync replicas, one at a time (rule 16).
extension LeaderState {
  /// A change and the name by which its outcome is told.
  package struct Proposal: Hashable, Sendable {
    package let id: UInt64
    package let change: IsrChange
    package let isExpansion: Bool
  }

  /// What an outcome means.
  package enum Settlement: Hashable, Sendable {
    /// There is another committed state, or the old one without a pending change.
    case settled
    /// The change stays pending until the controller's newer state comes.
    case waits
    /// It is not known whether it was made: it is to be sent again. The controller compares, so that
    /// a change that was made is not made twice.
    case again(Proposal)
    /// It is of a change that nobody waits for any more.
    case stale
  }

  /// Lets a follower in that has all that is committed, and all that the leader had when its epoch
  /// began: what of its log lies below that is then known to be the leader's (rule 15).
  ///
  /// - Returns: the change to ask the controller for; nil when there is none now.
  package mutating func proposeExpansion(
    by follower: Int32, _ brokers: [Int32: BrokerRegistration]
  ) -> Proposal? {
    guard pending == nil, !image.isr.contains(follower), isEligible(follower, brokers),
      let end = followers[follower]?.end, end >= highWatermark
    else { return nil }
    if rules.contains(.joinFromEpochStart), end < epochStart { return nil }
    let wanted = image.isr + [follower]
    return propose(image.replicas.filter { wanted.contains($0) }, joining: follower)
  }

  /// As `proposeExpansion(by:)` for one that is caught up and has not been let in when it fetched: it
  /// may have nothing to fetch any more.
  package mutating func proposeExpansion(
    leaderEnd: Offset, now: Int64, _ brokers: [Int32: BrokerRegistration]
  ) -> Proposal? {
    guard pending == nil, isUnderReplicated else { return nil }
    for replica in image.replicas where !image.isr.contains(replica) {
      guard isCaughtUp(replica, leaderEnd: leaderEnd, now: now) else { continue }
      if let proposal = proposeExpansion(by: replica, brokers) { return proposal }
    }
    return nil
  }

  /// Leaves those out that have not been caught up for too long (rule 14).
  ///
  /// - Returns: the change to ask the controller for; nil when there is none now.
  package mutating func proposeShrink(leaderEnd: Offset, now: Int64) -> Proposal? {
    guard pending == nil else { return nil }
    let left = image.isr.filter {
      $0 == nodeID || isCaughtUp($0, leaderEnd: leaderEnd, now: now)
    }
    guard left.count < image.isr.count else { return nil }
    return propose(left, joining: nil)
  }

  /// Leaves itself out, so that another of the in-sync replicas leads: this one's log cannot be
  /// written, and the others have all that is committed.
  ///
  /// - Returns: the change to ask the controller for; nil when there is none now, or nobody else.
  package mutating func proposeHandOver() -> Proposal? {
    let others = image.isr.filter { $0 != nodeID }
    guard pending == nil, !others.isEmpty else { return nil }
    return propose(others, joining: nil)
  }

  private mutating func propose(_ isr: [Int32], joining: Int32?) -> Proposal {
    lastChangeID += 1
    let pending = Pending(id: lastChangeID, isr: isr, joining: joining)
    self.pending = pending
    return proposal(pending)
  }

  private func proposal(_ pending: Pending) -> Proposal {
    Proposal(
      id: pending.id,
      change: IsrChange(
        partition: partition, topicID: topicID, leaderEpoch: image.leaderEpoch,
        partitionEpoch: image.partitionEpoch,
        isr: pending.isr.map {
          .init(nodeID: $0, brokerEpoch: followers[$0]?.brokerEpoch ?? -1)
        }),
      isExpansion: pending.joining != nil)
  }

  /// Takes over what became of a change.
  package mutating func settle(
    _ id: UInt64, _ outcome: Result<PartitionImage, IsrChangeFailure>, now: Int64
  ) -> Settlement {
    if case .success(let newer) = outcome {
      guard newer.leaderEpoch == image.leaderEpoch else { return .stale }
      if update(newer, now: now) { return .settled }
      guard newer.partitionEpoch == image.partitionEpoch else { return .stale }
      // The controller had nothing to change.
    }
    guard let pending, pending.id == id else { return .stale }
    switch outcome {
    case .success, .failure(.ineligible):
      self.pending = nil
      return .settled
    case .failure(.fenced), .failure(.unknownPartition):
      return .waits
    case .failure(.unknownOutcome):
      return .again(proposal(pending))
    }
  }
}
