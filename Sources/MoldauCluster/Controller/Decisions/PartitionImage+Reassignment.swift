/// Rule 22 of docs/replication.md: replicas move by adding, waiting until all that are new have
/// joined, and dropping those that are to go.
extension PartitionImage {
  package var isMoving: Bool { !adding.isEmpty || !removing.isEmpty }

  /// Where the replicas are going to be.
  package var target: [Int32] { replicas.filter { !removing.contains($0) } }

  /// Where the replicas were before they began to move.
  package var origin: [Int32] { replicas.filter { !adding.contains($0) } }

  /// The state in which the replicas begin to move to `target`, or why they cannot. What was under
  /// way is given up for it; where nothing has to join, they are there at once.
  package func moving(
    to target: [Int32], _ circumstances: Circumstances
  ) -> Result<PartitionImage, ClusterRefusal> {
    guard !target.isEmpty, Set(target).count == target.count else {
      return .failure(
        ClusterRefusal(.invalidReplicaAssignment, "\(target) has no broker, or one twice"))
    }
    // Brokers that hold it already need not be up; those that are new need to copy.
    if let absent = target.first(where: { !replicas.contains($0) && !circumstances.isLive($0) }) {
      return .failure(
        ClusterRefusal(.invalidReplicaAssignment, "broker \(absent) is not registered"))
    }
    let origin = self.origin
    var next = self
    next.adding = target.filter { !origin.contains($0) }
    next.removing = origin.filter { !target.contains($0) }
    next.replicas = target + next.removing
    guard next.drop(replicas.filter { !next.replicas.contains($0) }, circumstances) else {
      return .failure(
        ClusterRefusal(
          .invalidReplicaAssignment,
          "only brokers that would be dropped are in sync: \(isr); records could be lost"))
    }
    // What is left may be the only replica by now, which leads whatever it has lost.
    if next.leader < 0 { next.elect(circumstances) }
    let raises = next.replicas.count < Set(next.replicas + replicas).count
    let begun = next.advanced(from: self, raisesLeaderEpoch: raises) ?? self
    guard var arrived = begun.arrived(circumstances) else { return .success(begun) }
    arrived.partitionEpoch = partitionEpoch + 1
    arrived.leaderEpoch = min(arrived.leaderEpoch, leaderEpoch + 1)
    return .success(arrived == self ? self : arrived)
  }

  /// The state in which the replicas go back to where they were, or why they cannot.
  package func movingBack(
    _ circumstances: Circumstances
  ) -> Result<PartitionImage, ClusterRefusal> {
    guard isMoving else {
      return .failure(ClusterRefusal(.noReassignmentInProgress, "no replica is moving"))
    }
    return moving(to: origin, circumstances)
  }

  /// The state in which the replicas have moved; nil while some of them have not joined.
  package func arrived(_ circumstances: Circumstances) -> PartitionImage? {
    let target = self.target
    let inSync = isr.filter(target.contains)
    let needed = max(1, min(circumstances.minInSyncReplicas, target.count))
    guard isMoving, Set(adding).isSubset(of: isr),
      removing.isEmpty || inSync.count >= min(needed, isr.count),
      !inSync.isEmpty
    else { return nil }
    var next = self
    let dropped = removing
    next.adding = []
    next.removing = []
    next.replicas = target
    guard next.drop(dropped, circumstances) else { return nil }
    return next.advanced(from: self, raisesLeaderEpoch: !dropped.isEmpty)
  }

  /// Takes replicas away; false when none would be left that has all records.
  private mutating func drop(_ dropped: [Int32], _ circumstances: Circumstances) -> Bool {
    guard !dropped.isEmpty else { return true }
    let rest = isr.filter { !dropped.contains($0) }
    let complete = isr.isEmpty ? elr : isr
    guard complete.isEmpty || !complete.allSatisfy(dropped.contains) else { return false }
    elr = elr.filter { !dropped.contains($0) }
    setIsr(rest, unclean: dropped, circumstances)
    if dropped.contains(lastKnownLeader) { lastKnownLeader = -1 }
    if dropped.contains(leader) { elect(circumstances) }
    return true
  }
}
