import Logging
import MoldauDisk
import MoldauFormat
import Synchronization

/// What the logs of one store share.
final class StoreServices: Sendable {
  let path: String
  let disk: any Disk
  let clock: any WallClock
  let budget: HandleBudget
  let logger: Logger
  let commits: CommitQueue
  let maintenance: MaintenanceQueue
  let readers = WorkerPool(name: "moldau-read", maxThreads: Limits.maxReaderThreads)
  let deletions = PendingDeletions()
  /// The configurations as the file has them; the lock orders changes to topics.
  let topicChanges = Mutex(TopicConfigurations())
  private let lastCheckpoint = Mutex(ContinuousClock.now)
  /// Set by the first failed sync, for good; docs/durability.md says why.
  private let failure = Mutex<LogError?>(nil)
  private let hasFailed = Atomic<Bool>(false)

  init(path: String, disk: any Disk, clock: any WallClock, configuration: StoreConfiguration) {
    self.path = path
    self.disk = disk
    self.clock = clock
    logger = configuration.logger
    budget = HandleBudget(maxHolders: configuration.maxOpenFiles)
    maintenance = MaintenanceQueue()
    let journal = CommitJournal(
      directory: path, disk: disk, maxFileBytes: configuration.journalBytes)
    commits = CommitQueue(journal: journal, maxPendingBytes: configuration.maxPendingBytes)
  }

  /// Throws when a sync has failed since the store was opened.
  ///
  /// HOT: once per append.
  func checkHealth() throws(LogError) {
    guard hasFailed.load(ordering: .acquiring) else { return }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  /// Whether a sync has failed since the store was opened.
  var isPoisoned: Bool { hasFailed.load(ordering: .acquiring) }

  /// Refuses all appends from now on; returns the error that they and all waiters get.
  @discardableResult
  func poison(_ error: DiskError) -> LogError {
    let poisoned = failure.withLock { failure in
      let first = failure ?? .poisoned(path: error.path, errno: error.errno)
      failure = first
      return first
    }
    hasFailed.store(true, ordering: .releasing)
    leaveFailedSyncMarker()
    logger.critical("\(poisoned)")
    return poisoned
  }

  /// The next opening, if it comes before the machine restarts, must not believe what the system has
  /// in memory: the kernel may have marked pages as written that are not.
  private func leaveFailedSyncMarker() {
    do throws(DiskError) {
      _ = try disk.open("\(path)/\(StoreLayout.failedSyncMarker)", .create)
    } catch {
      logger.error("the mark of a failed sync could not be left: \(error)")
    }
  }

  // MARK: Checkpoints

  /// Makes all logs durable in their segments: one by one when they are few, else all at once.
  func syncAll(_ logs: [PartitionLog]) throws(LogError) {
    let unsynced = logs.filter { $0.isUnsynced }
    guard unsynced.count > Limits.maxSyncedOneByOne else {
      for log in unsynced { try log.syncFiles() }
      return
    }
    let ends = unsynced.map(\.endOffset)
    do throws(DiskError) { try disk.syncFileSystem(path) } catch { throw poison(error) }
    for (log, end) in zip(unsynced, ends) { log.markFilesSynced(below: end) }
  }

  /// Writes where recovery may start, where logs begin, and what consumers may read.
  func writeCheckpoints(_ logs: [PartitionLog]) throws(DiskError) {
    let ordered = logs.sorted {
      ($0.identity.topic, $0.identity.partition) < ($1.identity.topic, $1.identity.partition)
    }
    func write(_ name: String, _ offset: (PartitionLog) -> Offset) throws(DiskError) {
      let checkpoint = OffsetCheckpoint(entries: ordered.map { .init($0.identity, offset($0)) })
      try disk.replaceFile(at: "\(path)/\(name)", with: checkpoint.encode(), isDurable: true)
    }
    try write(StoreLayout.recoveryPoints) { $0.recoveryPoint }
    try write(StoreLayout.logStarts) { $0.startOffset }
    try write(StoreLayout.highWatermarks) { $0.endOffset }
  }

  /// Bounds what recovery would have to scan, now and then.
  func checkpointIfDue(_ logs: [PartitionLog], interval: Duration) {
    let isDue = lastCheckpoint.withLock { last in
      guard last.duration(to: .now) >= interval else { return false }
      last = .now
      return true
    }
    guard isDue, !isPoisoned else { return }
    do throws(LogError) { try checkpoint(logs) } catch { logger.error("checkpoint: \(error)") }
  }

  func checkpoint(_ logs: [PartitionLog]) throws(LogError) {
    let unsynced = logs.filter { $0.isUnsynced }
    guard !unsynced.isEmpty else { return }
    for log in unsynced { try log.writeDerivedFiles(trimsWindow: false) }
    try syncAll(unsynced)
    do throws(DiskError) { try writeCheckpoints(logs) } catch { throw LogError(error) }
  }
}
