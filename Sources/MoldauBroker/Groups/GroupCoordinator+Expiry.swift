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
          self.queue.add { self.expireAndGoOn() }
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

  /// Lets go of what is older than the configuration says and not in use; returns when that is
  /// durable, or was given up. Blocks.
  ///
  /// - Complexity: O(offsets of all groups).
  func expireOffsets() {
    guard let offsets else { return }
    let signal = WakeSignal()
    let ids = allIDs()
    for id in ids { expire(id, offsets) { _ in signal.wake() } }
    store.commitIfManual()
    for _ in ids { signal.sleep() }
  }

  private func expire(
    _ id: String, _ offsets: GroupOffsets, whenStored: @escaping @Sendable (LogError?) -> Void
  ) {
    let now = now.wall
    let retention = configuration.offsetRetention.milliseconds
    _ = write(id, whenStored) { state, effects in
      let expired = offsets.committed(group: id).filter { partition, value in
        isExpired(partition, value, of: state.group, now, retention)
      }
      effects.records = expired.map { .offset($0.partition, nil) }
      let isLast = offsets.partitions(of: id).count == expired.count
      if let group = state.group, !group.hasMembers, isLast, !group.tombstones.isEmpty {
        effects.records += group.tombstones
        state.group = nil
      }
      return .none
    }
  }

  private func isExpired(
    _ partition: TopicPartition, _ value: GroupOffsetValue, of group: (any CoordinatedGroup)?,
    _ now: Int64, _ retention: Int64
  ) -> Bool {
    let expiry = group?.offsetExpiry ?? .byCommit
    // What is in use stays, whatever the commit has said.
    if expiry == .never || group?.isSubscribed(to: partition.topic) == true { return false }
    if value.expireTimestampMilliseconds >= 0 { return value.expireTimestampMilliseconds <= now }
    let isOld = value.commitTimestampMilliseconds <= now.subtractingClamped(retention)
    if case .since(let emptied) = expiry { return isOld && now - emptied >= retention }
    return isOld
  }
}
