package import MoldauFormat

extension LeaderState {
  /// Where those end whom the high watermark waits for, this replica aside.
  package enum OthersEnd: Hashable, Sendable {
    /// There are none.
    case nobody
    /// One has not fetched in this epoch.
    case unknown
    case at(Offset)
  }

  /// The least end of the other replicas that count: the maximal in-sync replicas, and those that
  /// are caught up and wait to join, since they would not be let in behind the high watermark
  /// (rule 8).
  ///
  /// HOT: once per fetch of a follower: O(*n*) in the number of replicas, no allocation while no
  /// change is pending.
  package func othersEnd(
    leaderEnd: Offset, now: Int64, _ brokers: [Int32: BrokerRegistration]
  ) -> OthersEnd {
    let counted = maximalISR
    var least: Offset?
    for replica in image.replicas where replica != nodeID {
      if !counted.contains(replica) {
        guard rules.contains(.earlyExpand), isCaughtUp(replica, leaderEnd: leaderEnd, now: now),
          isEligible(replica, brokers)
        else { continue }
      }
      guard let end = followers[replica]?.end else { return .unknown }
      least = min(least ?? end, end)
    }
    return least.map { .at($0) } ?? .nobody
  }

  /// Moves the high watermark to where all who count have the records (rule 8).
  ///
  /// - Parameters:
  ///   - own: where this replica's own contribution ends: what is as durable as the topic asks for.
  ///   - others: what `othersEnd` says.
  /// - Returns: the high watermark when it has moved.
  package mutating func advance(own: Offset, others: OthersEnd) -> Offset? {
    if isUnderMinISR { return nil }
    let reached: Offset
    switch others {
    case .unknown: return nil
    case .nobody: reached = own
    case .at(let end): reached = min(own, end)
    }
    guard reached > highWatermark else { return nil }
    highWatermark = reached
    return reached
  }

  /// The offset below which no live in-sync replica, so no later leader, has anything; nil while one
  /// has not said. Who joins has told the start of its log by then.
  package func lowWatermark(
    own start: Offset, _ brokers: [Int32: BrokerRegistration]
  ) -> Offset? {
    var least = start
    for replica in maximalISR where replica != nodeID && brokers[replica] != nil {
      guard let start = followers[replica]?.start else { return nil }
      least = min(least, start)
    }
    return least
  }
}
