import MoldauDisk
import MoldauFormat
import Synchronization

extension LogStore {
  /// As `close`, on the caller's thread.
  public func closeBlocking() throws(LogError) {
    // No topic is being made or removed then, and none will be.
    let topics: [Topic]? = services.topicChanges.withLock { _ in
      state.withLock { state in
        guard !state.isClosed else { return nil }
        state.isClosed = true
        return state.topics.values.sorted { $0.name < $1.name }
      }
    }
    guard let topics else { return }
    let logs = topics.flatMap(\.partitions)
    defer {
      // Whatever went wrong: the next store may cut the files, which nobody may have mapped then.
      for log in logs { log.letFilesGo() }
      lock.withLock { $0 = nil }
    }
    services.compactor.stop()
    for log in logs { log.close() }
    services.readers.stop()
    services.commits.stop()
    services.maintenance.stop()
    // After a failed sync nobody knows what the device holds: the next opening has to look.
    try services.checkHealth()
    try services.checkpoint(logs, isClosing: true)
    do throws(DiskError) {
      try services.commits.journal.remove()
      try services.disk.replaceFile(
        at: "\(path)/\(StoreLayout.cleanShutdownMarker)",
        with: CleanShutdownMarker(brokerEpoch: services.brokerEpoch.load(ordering: .acquiring))
          .encode(), isDurable: true)
    } catch {
      throw LogError(error)
    }
  }

  /// What the maintenance thread does once a second.
  package func maintain() {
    let logs = topics.flatMap(\.partitions)
    enforceRetention()
    if configuration.runsMaintenance, configuration.threads == .own {
      services.compactor.poll(services) { [weak self] in self?.topics }
    }
    for log in logs { log.releaseIdleWindow() }
    services.metrics.report(logs, pendingByteCount: services.commits.pendingBytes.byteCount)
    services.checkpointIfDue(logs, interval: configuration.checkpointInterval)
    let now = services.clock.nowMilliseconds()
    services.expireProducersIfDue(of: logs, now: now)
    services.deletions.removeDue(now: now, services)
  }

  /// The logs' starts are durable before files go; a disk without room for that needs them gone.
  private func enforceRetention() {
    let now = services.clock.nowMilliseconds()
    let retired = topics.flatMap { $0.retireSegments(now: now) }
    guard !retired.isEmpty else { return }
    do throws(LogError) { try services.writeLogStarts() } catch {
      services.logger.warning("where the logs begin could not be written: \(error)")
    }
    for segments in retired {
      do throws(LogError) { try segments.log.discard(segments) } catch {
        services.logger.error("\(segments.log.identity): retention: \(error)")
      }
    }
  }

  // MARK: Without threads

  /// Does all maintenance that waits, on the caller's thread: for tests without the thread.
  package func runMaintenance() {
    services.maintenance.runJobs()
    maintain()
  }

  /// Makes one commit for all who wait for one, on the caller's thread, which tells them; returns
  /// whether there was anybody.
  ///
  /// - Precondition: the store's threads are `manual`.
  @discardableResult
  package func runCommits() -> Bool { services.commits.runOnce() }

  /// What a caller does who is about to sleep until a commit: makes it when nobody else does.
  package func commitIfManual() { services.commits.prepareToSleep() }

  /// Forgets those who wait for a commit, as the end of a process does: they may hold what holds the
  /// store.
  package func forgetWaiters() { services.commits.forgetWaiters() }

  /// Whether someone waits for a commit.
  package var isCommitAwaited: Bool { services.commits.isAwaited }
}
