import Logging
import MoldauDisk
import MoldauFormat
import Synchronization

/// What the logs of one store share.
final class StoreServices: Sendable {
  let path: String
  let disk: any Disk
  let clock: any WallClock
  let random: RandomSource
  let budget: HandleBudget
  let logger: Logger
  let commits: CommitQueue
  let maintenance: MaintenanceQueue
  let compactor: Compactor
  let metrics: StoreMetrics
  let readers = WorkerPool(name: "moldau-read", maxThreads: Limits.maxReaderThreads)
  let deletions = PendingDeletions()
  /// How long a silent producer is remembered.
  let producerExpirationMilliseconds: Int64
  /// When silent producers were last looked for.
  private let lastProducerExpiry: Mutex<Int64>
  /// The configurations as the file has them; the lock orders changes to topics.
  let topicChanges = Mutex(TopicConfigurations())
  /// Tells the logs of the open store, `nil` once it was let go, when nothing may be written of them;
  /// there is nobody to tell them while it is being opened.
  let currentLogs = Mutex<(@Sendable () -> [PartitionLog]?)?>(nil)
  /// Whether the checkpoint files may speak of topics that were deleted.
  let hasStaleCheckpoints = Atomic<Bool>(false)
  /// Lets one thread at a time write a checkpoint file.
  let checkpointFiles = Mutex<Void>(())
  let lastCheckpoint = Mutex(ContinuousClock.now)
  /// Whether the logs are replicas, of which the checkpoint keeps the high watermark.
  let isReplicated: Bool
  /// Lets a topic's offsets have gaps from now on; set by the open store.
  let gapsAllowance = Mutex<@Sendable (String) throws(LogError) -> Void> { _ in }
  /// What the marker of a clean stop is to name: the registration of the store's broker, or −1.
  let brokerEpoch = Atomic<Int64>(-1)
  /// Set by the first failed sync, for good; docs/durability.md says why.
  private let failure = Mutex<LogError?>(nil)
  /// Those who wait for it.
  private let failureObservers = Mutex<[@Sendable (LogError) -> Void]>([])
  private let hasFailed = Atomic<Bool>(false)

  init(path: String, disk: any Disk, clock: any WallClock, configuration: StoreConfiguration) {
    self.path = path
    self.disk = disk
    self.clock = clock
    random = configuration.random
    logger = configuration.logger
    isReplicated = configuration.isReplicated
    producerExpirationMilliseconds = configuration.producerExpiration.milliseconds
    lastProducerExpiry = Mutex(clock.nowMilliseconds())
    metrics = StoreMetrics(path: path, factory: configuration.metrics)
    budget = HandleBudget(maxHolders: configuration.maxOpenFiles)
    maintenance = MaintenanceQueue()
    compactor = Compactor(configuration)
    let journal = CommitJournal(
      directory: path, disk: disk, maxFileBytes: configuration.journalBytes)
    commits = CommitQueue(
      journal: journal, maxPendingBytes: configuration.maxPendingBytes,
      runsThread: configuration.threads == .own)
    budget.start(
      HandleBudget.Syncing(
        later: { [maintenance] in maintenance.add($0) },
        sync: { [weak self] segment in self?.syncBeforeClose(segment) ?? false }))
  }

  /// Forgets producers that were silent for too long, now and then; by the maintenance thread.
  func expireProducersIfDue(of logs: [PartitionLog], now: Int64) {
    let interval = min(
      Limits.producerExpiryIntervalMilliseconds, max(1, producerExpirationMilliseconds / 2))
    let isDue = lastProducerExpiry.withLock { last in
      // A clock that was set back must not put it off.
      guard now < last || now.subtractingClamped(last) >= interval else { return false }
      last = now
      return true
    }
    guard isDue else { return }
    for log in logs { log.expireProducers(now: now) }
  }

  /// Lets a topic's offsets have gaps from now on, which recovery must not take for damage.
  func allowGaps(in topic: String) throws(LogError) {
    let allow = gapsAllowance.withLock { $0 }
    try allow(topic)
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
    metrics.syncFailed()
    tellOfFailure()
    return poisoned
  }

  /// Calls `body` once when a sync has failed, at once when one has already; from any thread, with
  /// locks of the store held: be quick, and call nothing of it.
  func whenPoisoned(_ body: @escaping @Sendable (LogError) -> Void) {
    failureObservers.withLock { $0.append(body) }
    if isPoisoned { tellOfFailure() }
  }

  private func tellOfFailure() {
    guard let first = failure.withLock({ $0 }) else { return }
    let observers = failureObservers.withLock { observers in
      defer { observers = [] }
      return observers
    }
    for body in observers { body(first) }
  }

  /// The error of a call that was to make something durable.
  ///
  /// A sync that failed poisons. One that could not begin, for want of a descriptor say, has lost
  /// nothing and can be tried again.
  func failedSync(_ error: DiskError) -> LogError {
    error.isOfSync ? poison(error) : LogError(error)
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
}
