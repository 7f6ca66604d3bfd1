import MoldauFormat
import MoldauLog
import Synchronization

extension GroupCoordinator {
  /// Lets offsets go that nobody uses any more, from the first call on, each interval.
  func startExpiry() {
    let isStarted = expiryTimer.withLock { timer in
      if timer != nil { return true }
      // On the queue, since session timeouts must not wait for it.
      timer = scheduler.timer { [weak self] in
        guard let self else { return }
        queue.add { self.expireAndGoOn() }
      }
      return false
    }
    if !isStarted { scheduleExpiry() }
  }

  private func scheduleExpiry() {
    let interval = max(1, configuration.offsetCheckInterval.milliseconds)
    guard let timer = expiryTimer.withLock({ $0 }) else { return }
    scheduler.set(timer, at: scheduler.clock.nowMilliseconds() + interval)
  }

  private func expireAndGoOn() {
    expireOffsets {}
    scheduleExpiry()
  }

  /// Lets go of what is older than the configuration says and not in use, in the partitions that are
  /// coordinated here; calls `whenDone` when that is committed, or was given up.
  ///
  /// - Complexity: O(offsets of all groups).
  func expireOffsets(_ whenDone: @escaping @Sendable () -> Void) {
    let all = loadedPartitions.flatMap { partition in
      partition.groupIDs.sorted().map { (partition, $0) }
    }
    let outstanding = Outstanding(count: all.count + 1, whenDone)
    for (partition, id) in all { expire(id, in: partition, outstanding.settleOne) }
    outstanding.settleOne()
  }

  private func expire(
    _ id: String, in partition: CoordinatedPartition, _ whenDone: @escaping @Sendable () -> Void
  ) {
    let now = now.wall
    let retention = configuration.offsetRetention.milliseconds
    let offsets = partition.offsets
    let code = write(id, in: partition, { _ in whenDone() }) { state, effects in
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
    if code != .none { whenDone() }
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

/// Counts what is still to come.
private final class Outstanding: Sendable {
  private let count: Atomic<Int>
  private let whenDone: @Sendable () -> Void

  init(count: Int, _ whenDone: @escaping @Sendable () -> Void) {
    self.count = Atomic(count)
    self.whenDone = whenDone
  }

  @Sendable func settleOne() {
    if count.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { whenDone() }
  }
}
