import MoldauCluster
import MoldauFormat

/// The in-sync replicas of a partition that is led here.
extension Replica {
  /// Leaves out who lags behind, and counts again who is caught up.
  ///
  /// A broker whose store takes nothing more is about to leave, and to count as one that has lost
  /// everything: it would be left as the only one in sync.
  func checkFollowers() {
    let now = shared.now
    let end = log.endOffset
    var effects = Effects()
    state.withLock { state in
      for (node, fetcher) in state.fetchers {
        let time = fetcher.session.lastFetchMilliseconds
        state.leader?.noteAlive(node, at: time, leaderEnd: end)
      }
      if !log.isPoisoned {
        effects.proposal = state.leader?.proposeShrink(leaderEnd: end, now: now)
      }
      proceed(&state, now: now, &effects)
    }
    perform(effects)
  }

  /// Counts anew who may join, and is waited for: other brokers are live now.
  func noteBrokers() {
    let now = shared.now
    var effects = Effects()
    state.withLock { proceed(&$0, now: now, &effects) }
    perform(effects)
  }

  /// Takes over what became of a change.
  func settle(
    _ proposal: LeaderState.Proposal, leadership: UInt64,
    _ outcome: Result<PartitionImage, IsrChangeFailure>
  ) {
    let now = shared.now
    var effects = Effects()
    let again: LeaderState.Proposal? = state.withLock { state in
      guard state.leadership == leadership, let before = state.leader else { return nil }
      let settlement = state.leader?.settle(proposal.id, outcome, now: now)
      if case .again(let proposal) = settlement { return proposal }
      guard settlement == .settled, let leader = state.leader else { return nil }
      state.partitionEpoch = leader.image.partitionEpoch
      shared.noteISRChange(from: before.image.isr.count, to: leader.image.isr.count)
      if !before.isUnderMinISR, leader.isUnderMinISR { effects.wakesAll = true }
      // Who was refused is asked for again when somebody fetches, not at once and for ever.
      proceed(&state, now: now, mayExpand: outcome != .failure(.ineligible), &effects)
      return nil
    }
    if let again {
      shared.sendLater(again, of: self, leadership: leadership)
    } else {
      perform(effects)
    }
  }

  /// Tells the followers that the log begins later now.
  func noteStartMoved() {
    let fetchers = state.withLock { $0.fetchers.sorted { $0.key < $1.key } }
    for (_, fetcher) in fetchers { fetcher.session.arrive(fetcher.slot, .start) }
  }

  /// Whether a change still waits for its outcome.
  func isPending(_ proposal: LeaderState.Proposal, leadership: UInt64) -> Bool {
    state.withLock { $0.leadership == leadership && $0.leader?.pendingChangeID == proposal.id }
  }

  /// A copy of what this broker knows as leader; nil when it does not lead.
  var leaderState: LeaderState? { state.withLock { $0.leader } }
}
