import MoldauLog
import Synchronization

/// Whether the member goes on: without its timers and its queue it neither follows the cluster nor
/// makes way for others, while the coordination service's client keeps the session alive on threads
/// of its own (docs/decisions/cluster-member.md).
extension ClusterMember {
  /// How often the timers and the queue have come round since `countRounds`. Waits for nothing.
  package var roundCount: Int { rounds.load(ordering: .relaxed) }

  /// Begins to count rounds, one after each pause; for the life of the queue.
  package func countRounds(everyMilliseconds pause: Int64) {
    let timer = scheduler.timer { [weak self, queue] in
      queue.add { [weak self] in
        guard let self else { return }
        rounds.add(1, ordering: .relaxed)
        countRounds(everyMilliseconds: pause)
      }
    }
    scheduler.set(timer, at: scheduler.clock.nowMilliseconds() + pause)
  }

  /// Ends the session for a queue that has stopped at a round, as long as it stands there, so that
  /// others take over what this broker leads; alone it goes on. When the queue comes round it finds
  /// the session expired. On a thread that may wait as long as the queue does, for its locks.
  ///
  /// - Returns: whether there was a session to end.
  @discardableResult
  package func letGoOfSession(atRound round: Int) -> Bool {
    guard replicas.image.brokers.count > 1 else { return false }
    let (session, number) = state.withLock { ($0.session, $0.sessionNumber) }
    guard let session, roundCount == round else { return false }
    queue.add { [weak self] in self?.lost(session: number) }
    session.close()
    return true
  }
}
