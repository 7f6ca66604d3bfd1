import MoldauCluster

/// A leader that cannot know whether it still is to lead (docs/decisions/cluster-member.md).
extension Replica {
  /// Sends clients elsewhere while an in-sync replica is silent: what they write could not be
  /// committed here, and where the session is over another leads. Takes them again when all in-sync
  /// replicas fetch.
  ///
  /// Nothing of the leadership changes: followers are served, and what they fetch is committed.
  ///
  /// - Parameter limit: how long an in-sync replica may be silent, in milliseconds; nil when nothing is
  ///   to be doubted, as the coordination service can be reached.
  /// - Returns: whether that is another answer than before.
  func review(silenceLimit limit: Int64?) -> Bool {
    let now = shared.now
    let change: Bool? = state.withLock { state in
      guard let leader = state.leader else { return nil }
      let isDoubted =
        limit.map { limit in
          leader.image.isr.contains { member in
            guard member != shared.nodeID else { return false }
            return heard(of: member, leader, state) < now - limit
          }
        } ?? false
      guard isDoubted != state.isDoubted else { return nil }
      state.isDoubted = isDoubted
      publish(isDoubted ? .doubted : .leader, epoch: state.leaderEpoch)
      return isDoubted
    }
    if change == true { observers.notifyAll() }
    return change != nil
  }

  /// When a follower has fetched last; before its first fetch, when the leadership began.
  private func heard(of member: Int32, _ leader: LeaderState, _ state: State) -> Int64 {
    let caughtUp = leader.followers[member]?.lastCaughtUp ?? .min
    let fetched = state.fetchers[member]?.session.lastFetchMilliseconds ?? .min
    return max(caughtUp, fetched)
  }
}
