import MoldauDisk
import MoldauFormat
import Synchronization

extension LogStore {
  /// As `close`, on the caller's thread.
  public func closeBlocking() throws(LogError) {
    let topics: [Topic]? = state.withLock { state in
      guard !state.isClosed else { return nil }
      state.isClosed = true
      return Array(state.topics.values)
    }
    guard let topics else { return }
    defer { lock.withLock { $0 = nil } }
    let logs = topics.flatMap(\.partitions)
    for log in logs { log.close() }
    services.readers.stop()
    services.commits.stop()
    services.maintenance.stop()
    // After a failed sync nobody knows what the device holds: the next opening has to look.
    try services.checkHealth()
    for log in logs { try log.writeDerivedFiles(trimsWindow: true) }
    try services.syncAll(logs)
    do throws(DiskError) {
      try services.writeCheckpoints(logs)
      try services.commits.journal.remove()
      try services.disk.replaceFile(
        at: "\(path)/\(StoreLayout.cleanShutdownMarker)",
        with: CleanShutdownMarker(brokerEpoch: -1).encode(), isDurable: true)
    } catch {
      throw LogError(error)
    }
  }

  /// What the maintenance thread does once a second.
  package func maintain() {
    let logs = topics.flatMap(\.partitions)
    for topic in topics { topic.enforceRetention(now: services.clock.nowMilliseconds()) }
    for log in logs { log.releaseIdleWindow() }
    services.checkpointIfDue(logs, interval: configuration.checkpointInterval)
    services.deletions.removeDue(now: services.clock.nowMilliseconds(), services)
  }

  /// Does all maintenance that waits, on the caller's thread: for tests without the thread.
  package func runMaintenance() {
    services.maintenance.runJobs()
    maintain()
  }
}
