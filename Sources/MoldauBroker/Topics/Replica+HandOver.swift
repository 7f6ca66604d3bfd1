import MoldauCluster
import MoldauLog

extension Replica {
  /// Has another in-sync replica lead when this one's log could not be written: its disk is full, or
  /// failed. This one goes on as a follower, and is in sync again when it can write.
  ///
  /// Not more often than now and then, so that a leadership does not wander about all the time when
  /// all disks are full.
  func noteFailedAppend(_ error: LogError) {
    switch error {
    case .diskFull, .io: break
    default: return
    }
    let now = shared.now
    let effects: Effects? = state.withLock { state in
      guard now >= state.nextHandOver, let proposal = state.leader?.proposeHandOver() else {
        return nil
      }
      state.nextHandOver = now + Limits.handOverPauseMilliseconds
      var effects = Effects()
      effects.leadership = state.leadership
      effects.proposal = proposal
      return effects
    }
    guard let effects else { return }
    shared.logger.error(
      "\(log.identity) cannot be written here, so another replica is to lead: \(error)")
    perform(effects)
  }
}
