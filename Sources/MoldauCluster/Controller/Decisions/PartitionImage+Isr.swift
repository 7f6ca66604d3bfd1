internal import MoldauProtocol

/// A change of the in-sync replicas that the controller has agreed to.
package struct IsrDecision: Hashable, Sendable {
  /// The state that is to be written; the current one when that has the same in-sync replicas.
  package var state: PartitionImage
  /// The replicas that are new in it: their broker epochs are checked by the write.
  package var joining: [IsrChange.Member]
}

extension PartitionImage {
  /// What becomes of the state by a leader's change of the in-sync replicas (rules 15, 16 and 19),
  /// or why it is refused. One that leaves itself out has another of them lead.
  package func changed(
    by change: IsrChange, from nodeID: Int32, _ circumstances: Circumstances
  ) -> Result<IsrDecision, ClusterRefusal> {
    if let refusal = refusal(of: change, from: nodeID, circumstances) { return .failure(refusal) }
    let members = change.isr.map(\.nodeID)
    for member in change.isr {
      if let reason = ineligibility(of: member, circumstances) {
        return .failure(ClusterRefusal(.ineligibleReplica, reason))
      }
    }
    guard members.contains(leader) else { return handedOver(to: members, circumstances) }
    let joining = change.isr.filter { !isr.contains($0.nodeID) }
    guard !joining.isEmpty || members.count != isr.count else {
      return .success(IsrDecision(state: self, joining: []))
    }
    var next = self
    next.setIsr(replicas.filter(members.contains), circumstances)
    for member in joining {
      next.brokerEpochs[member.nodeID] = circumstances.brokers[member.nodeID]?.brokerEpoch
    }
    let state = next.advanced(from: self, raisesLeaderEpoch: false) ?? self
    return .success(IsrDecision(state: state, joining: joining))
  }

  /// The state that the leader has left, since its log cannot be written: as with one that stops.
  private func handedOver(
    to members: [Int32], _ circumstances: Circumstances
  ) -> Result<IsrDecision, ClusterRefusal> {
    guard let successor = choose(among: members, circumstances),
      !circumstances.isShuttingDown(successor)
    else {
      return .failure(ClusterRefusal(.ineligibleReplica, "none of brokers \(members) can lead"))
    }
    var next = self
    next.setIsr(replicas.filter(members.contains), circumstances)
    next.lead(successor, circumstances)
    let state = next.advanced(from: self, raisesLeaderEpoch: true) ?? self
    return .success(IsrDecision(state: state, joining: []))
  }

  /// Whether the leader and what it knows are current; the codes are those of KIP-497 and KIP-841.
  private func refusal(
    of change: IsrChange, from nodeID: Int32, _ circumstances: Circumstances
  ) -> ClusterRefusal? {
    guard change.leaderEpoch <= leaderEpoch, change.partitionEpoch <= partitionEpoch else {
      return ClusterRefusal(
        .notController, "there is a later state than this controller knows: it is not the latest")
    }
    guard change.leaderEpoch == leaderEpoch else {
      return ClusterRefusal(.fencedLeaderEpoch, "the leader epoch is \(leaderEpoch)")
    }
    guard nodeID == leader else {
      return ClusterRefusal(.invalidRequest, "broker \(leader) leads, not broker \(nodeID)")
    }
    let isCurrent = change.partitionEpoch == partitionEpoch
    guard isCurrent || !circumstances.rules.contains(.compareAndSet) else {
      return ClusterRefusal(.invalidUpdateVersion, "the partition epoch is \(partitionEpoch)")
    }
    let members = change.isr.map(\.nodeID)
    let known = members.contains(leader) ? replicas : isr
    guard !members.isEmpty, Set(members).count == members.count,
      Set(members).isSubset(of: known)
    else {
      return ClusterRefusal(.invalidRequest, "\(members) are not all different ones of \(known)")
    }
    return nil
  }

  /// Why a replica cannot be in sync; nil when it can.
  private func ineligibility(
    of member: IsrChange.Member, _ circumstances: Circumstances
  ) -> String? {
    guard let broker = circumstances.brokers[member.nodeID] else {
      return "broker \(member.nodeID) is not up"
    }
    let joins = !isr.contains(member.nodeID)
    if joins, broker.isShuttingDown { return "broker \(member.nodeID) is shutting down" }
    guard circumstances.rules.contains(.checkBrokerEpoch), joins || member.brokerEpoch >= 0 else {
      return nil
    }
    guard member.brokerEpoch == broker.brokerEpoch else {
      return "broker \(member.nodeID) has registered with epoch \(broker.brokerEpoch) since"
    }
    return nil
  }
}
