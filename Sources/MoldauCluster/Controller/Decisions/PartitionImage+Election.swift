/// Rules 17 to 21 of docs/replication.md: what becomes of a partition when brokers come, go and
/// lose something. Pure: the state that is to be written comes out.
extension PartitionImage {
  /// The partition's state under these circumstances; nil when it stays as it is.
  ///
  /// Replicas that are not live leave the in-sync replicas (17), those that have lost something
  /// leave the eligible ones too (18); where the leader is one of them, or has registered anew (5),
  /// another is elected (20).
  package func settled(_ circumstances: Circumstances) -> PartitionImage? {
    var next = self
    let lost = (isr + elr).filter {
      circumstances.isLive($0) && !counts(on: $0, circumstances)
    }
    next.setIsr(
      isr.filter { circumstances.isLive($0) && !lost.contains($0) }, unclean: lost, circumstances)
    let leads = next.keepsLeader(circumstances)
    if !leads { next.elect(circumstances) }
    next.noteLastLeader(of: self)
    return next.advanced(from: self, raisesLeaderEpoch: !leads && next.leader >= 0)
  }

  /// Whether a replica that was in sync or eligible goes on to be so: it has all that it had then
  /// (18). The only replica also when it has lost something, as long as it is in the directory that
  /// had it: nobody else has more, and to wait would bring nothing back.
  private func counts(on id: Int32, _ circumstances: Circumstances) -> Bool {
    let epoch = brokerEpochs[id]
    if circumstances.hasKept(id, since: epoch) { return true }
    return replicas == [id] && circumstances.hasWhatIsLeft(id, since: epoch)
  }

  /// Replaces the in-sync replicas, and the eligible ones by rule 19.
  ///
  /// - Parameter unclean: replicas that are not eligible, as they have lost something.
  mutating func setIsr(
    _ members: [Int32], unclean: [Int32] = [], _ circumstances: Circumstances
  ) {
    let before = isr
    guard circumstances.rules.contains(.eligibleReplicas) else {
      // Without eligible replicas the last in-sync ones stay, or nobody could be elected ever
      // again.
      if !members.isEmpty { isr = members }
      elr = []
      return
    }
    isr = members
    let needed = max(1, min(circumstances.minInSyncReplicas, replicas.count))
    if isr.count >= needed {
      elr = []
    } else {
      elr = replicas.filter {
        (elr.contains($0) || before.contains($0)) && !isr.contains($0) && !unclean.contains($0)
      }
    }
  }

  /// Whether the leader is in sync, and in the registration in which it was elected.
  private func keepsLeader(_ circumstances: Circumstances) -> Bool {
    guard leader >= 0, isr.contains(leader), let broker = circumstances.brokers[leader] else {
      return false
    }
    return brokerEpochs[leader] == broker.brokerEpoch
  }

  /// Elects a leader by rule 20, or none.
  mutating func elect(_ circumstances: Circumstances) {
    leader = -1
    if let chosen = choose(among: isr, circumstances) {
      lead(chosen, circumstances)
    } else if isr.isEmpty, let chosen = choose(among: elr, circumstances) {
      setIsr([chosen], circumstances)
      lead(chosen, circumstances)
    } else if isr.isEmpty, elr.isEmpty,
      circumstances.isLive(lastKnownLeader), replicas.contains(lastKnownLeader),
      counts(on: lastKnownLeader, circumstances)
    {
      setIsr([lastKnownLeader], circumstances)
      lead(lastKnownLeader, circumstances)
    } else if circumstances.allowsUncleanElection {
      electUnclean(circumstances)
    }
  }

  /// Makes any live replica the leader, that which led last before the others; its log is the
  /// partition's from now on.
  mutating func electUnclean(_ circumstances: Circumstances) {
    let last = [lastKnownLeader].filter(replicas.contains)
    guard
      let chosen = choose(among: last, circumstances) ?? choose(among: replicas, circumstances)
    else { return }
    isr = [chosen]
    elr = []
    lead(chosen, circumstances)
  }

  /// The first live one in the order of the replicas; one that is about to stop only when there is
  /// no other.
  func choose(among candidates: [Int32], _ circumstances: Circumstances) -> Int32? {
    let live = replicas.filter { candidates.contains($0) && circumstances.isLive($0) }
    return live.first { !circumstances.isShuttingDown($0) } ?? live.first
  }

  mutating func lead(_ id: Int32, _ circumstances: Circumstances) {
    leader = id
    lastKnownLeader = -1
    brokerEpochs[id] = circumstances.brokers[id]?.brokerEpoch
  }

  /// Keeps in mind who led last when nobody is left to be elected.
  private mutating func noteLastLeader(of before: PartitionImage) {
    guard isr.isEmpty, elr.isEmpty, lastKnownLeader < 0 else { return }
    let left = replicas.first { before.isr.contains($0) || before.elr.contains($0) }
    lastKnownLeader = before.leader >= 0 ? before.leader : left ?? -1
  }

  /// The state as it is to be written after `before`, its epochs raised by rule 21; nil when it is
  /// the same.
  func advanced(from before: PartitionImage, raisesLeaderEpoch: Bool) -> PartitionImage? {
    var next = self
    next.brokerEpochs = brokerEpochs.filter { id, _ in
      isr.contains(id) || elr.contains(id) || id == lastKnownLeader
    }
    if raisesLeaderEpoch || leader != before.leader { next.leaderEpoch = before.leaderEpoch + 1 }
    guard next != before else { return nil }
    next.partitionEpoch = before.partitionEpoch + 1
    return next
  }
}

extension PartitionImage {
  /// The state of a new partition: all live replicas are in sync, the first of them leads; nil when
  /// none is live.
  package static func new(replicas: [Int32], _ circumstances: Circumstances) -> PartitionImage? {
    let live = replicas.filter(circumstances.isLive)
    let staying = live.filter { !circumstances.isShuttingDown($0) }
    guard let leader = staying.first ?? live.first else { return nil }
    var new = PartitionImage(
      replicas: replicas, leader: leader, isr: staying.isEmpty ? live : staying)
    for id in new.isr { new.brokerEpochs[id] = circumstances.brokers[id]?.brokerEpoch }
    return new
  }

  /// The state with the preferred leader, the first replica, or why it cannot lead.
  package func preferringLeader(
    _ circumstances: Circumstances
  ) -> Result<PartitionImage, ClusterRefusal> {
    guard let preferred = replicas.first, leader != preferred else {
      return .failure(ClusterRefusal(.electionNotNeeded, "the preferred leader leads already"))
    }
    guard leader >= 0, isr.contains(preferred), circumstances.isLive(preferred),
      !circumstances.isShuttingDown(preferred)
    else {
      return .failure(
        ClusterRefusal(
          .preferredLeaderNotAvailable,
          "broker \(preferred), the preferred leader, is not in sync or not up"))
    }
    var next = self
    next.lead(preferred, circumstances)
    return .success(next.advanced(from: self, raisesLeaderEpoch: true) ?? self)
  }

  /// The state with any live replica as the leader where there is none, or why there can be none.
  package func electingUnclean(
    _ circumstances: Circumstances
  ) -> Result<PartitionImage, ClusterRefusal> {
    guard leader < 0 else {
      return .failure(ClusterRefusal(.electionNotNeeded, "broker \(leader) leads"))
    }
    var next = self
    next.electUnclean(circumstances)
    guard next.leader >= 0, let next = next.advanced(from: self, raisesLeaderEpoch: true) else {
      return .failure(
        ClusterRefusal(.eligibleLeadersNotAvailable, "none of brokers \(replicas) is up"))
    }
    return .success(next)
  }

  /// The state without a broker that is about to stop; nil when it cannot be spared or is not in
  /// sync.
  package func released(from id: Int32, _ circumstances: Circumstances) -> PartitionImage? {
    guard isr.contains(id) else { return nil }
    let others = isr.filter { $0 != id }
    guard let successor = choose(among: others, circumstances) else { return nil }
    var next = self
    next.setIsr(others, circumstances)
    if leader == id {
      guard !circumstances.isShuttingDown(successor) else { return nil }
      next.lead(successor, circumstances)
    }
    return next.advanced(from: self, raisesLeaderEpoch: next.leader != leader)
  }
}
