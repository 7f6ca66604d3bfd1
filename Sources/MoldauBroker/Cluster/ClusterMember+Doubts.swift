import MoldauLog

/// While the coordination service cannot be reached, others may lead what this broker leads, or it
/// may go on: only the followers can tell. All on the queue.
extension ClusterMember {
  /// Looks now and then which leaderships are to be doubted.
  func doubtLeaderships() {
    guard state.withLock({ $0.doubts == nil && $0.registration != nil }) else { return }
    let timer = scheduler.timer { [weak self, queue] in
      queue.add { [weak self] in self?.review() }
    }
    state.withLock { $0.doubts = timer }
    set(timer)
  }

  private func review() {
    guard let timer = state.withLock({ $0.doubts }) else { return }
    reviewLeaderships(silenceLimit: silenceLimitMilliseconds)
    set(timer)
  }

  /// The session goes on: this broker leads what it has led.
  func endDoubts() {
    if dropDoubts() { reviewLeaderships(silenceLimit: nil) }
  }

  /// Looks no more; returns whether it did.
  @discardableResult
  func dropDoubts() -> Bool {
    let timer = state.withLock { state in
      defer { state.doubts = nil }
      return state.doubts
    }
    if let timer { scheduler.cancel(timer) }
    return timer != nil
  }

  private func reviewLeaderships(silenceLimit: Int64?) {
    guard replicas.review(silenceLimit: silenceLimit) else { return }
    logger.info(
      silenceLimit == nil
        ? "leaderships are no longer in doubt"
        : "clients are sent elsewhere where in-sync replicas are silent, or are taken again")
    coordinate(replicas.image)
  }

  private func set(_ timer: Scheduler.Timer) {
    scheduler.set(
      timer, at: scheduler.clock.nowMilliseconds() + max(1, silenceLimitMilliseconds / 8))
  }

  /// A follower that has not fetched for as long as a session lasts, and twice as long as a leader may
  /// let it wait, is silent.
  private var silenceLimitMilliseconds: Int64 {
    max(
      Int64(settings.sessionTimeoutMilliseconds), 2 * Int64(settings.fetching.maxWaitMilliseconds))
  }
}
