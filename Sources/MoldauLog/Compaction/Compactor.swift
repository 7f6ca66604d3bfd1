import Glibc
import MoldauFormat
import Synchronization

/// Cleans the logs of a store's compacted topics, the dirtiest first, on a thread of its own.
///
/// The thread is started when a log is due and ends when none is. Thread-safe; one pass at a time.
final class Compactor: Sendable {
  private struct State: Sendable {
    var thread: EngineThread?
    var isRunning = false
    var isStopping = false
  }

  private struct Candidate {
    var log: PartitionLog
    var configuration: TopicConfiguration
    var plan: CompactionPlan
  }

  private let maxMapBytes: Int
  private let pace: CompactionPace
  private let state = Mutex(State())
  /// Held during a pass.
  private let passing = Mutex(())
  /// The thread that does the pass, 0 for none.
  private let passingThread = Atomic<UInt>(0)

  init(_ configuration: StoreConfiguration) {
    maxMapBytes = configuration.compactionMemoryBytes
    pace = CompactionPace(bytesPerSecond: configuration.compactionBytesPerSecond)
  }

  // MARK: In the background

  /// Starts the thread when a log is due. By the maintenance thread.
  ///
  /// `topics` gives the store's topics as they are when it is called; `nil` once the store is gone.
  func poll(_ services: StoreServices, _ topics: @escaping @Sendable () -> [Topic]?) {
    guard !state.withLock({ $0.isRunning || $0.isStopping }) else { return }
    guard let current = topics(), next(of: current, services) != nil else { return }
    let ended = state.withLock { state in
      defer { state.thread = nil }
      return state.thread
    }
    ended?.join()
    state.withLock { state in
      guard !state.isStopping else { return }
      state.isRunning = true
      state.thread = EngineThread(name: "moldau-compact") { [self] in
        run(services, topics)
        self.state.withLock { $0.isRunning = false }
      }
    }
  }

  private func run(_ services: StoreServices, _ topics: () -> [Topic]?) {
    while !pace.isStopping, let current = topics(), let next = next(of: current, services) {
      do throws(LogError) { _ = try clean(next.log, next.configuration) } catch {
        // It was logged, and the log is left alone for a while.
        continue
      }
    }
  }

  /// The log that has waited for too long, or else the one with the greatest share of new records.
  private func next(of topics: [Topic], _ services: StoreServices) -> Candidate? {
    guard !services.isPoisoned else { return nil }
    let now = services.clock.nowMilliseconds()
    var best: Candidate?
    for topic in topics {
      let configuration = topic.configuration
      guard configuration.isCompacted else { continue }
      for log in topic.partitions where log.compaction.canBeTried {
        guard let plan = plan(of: log, configuration, now: now), plan.isDue(configuration) else {
          continue
        }
        if let other = best?.plan {
          guard plan.isOverdue || !other.isOverdue else { continue }
          guard plan.isOverdue != other.isOverdue || plan.dirtyRatio > other.dirtyRatio else {
            continue
          }
        }
        best = Candidate(log: log, configuration: configuration, plan: plan)
      }
    }
    return best
  }

  private func plan(
    of log: PartitionLog, _ configuration: TopicConfiguration, now: Int64
  ) -> CompactionPlan? {
    do throws(LogError) {
      try log.rollOverdue(configuration, now: now)
      return try log.compactionPlan(configuration, now: now)
    } catch {
      note(error, of: log)
      return nil
    }
  }

  // MARK: A pass

  /// Whether a pass is going on.
  var isPassing: Bool { passingThread.load(ordering: .relaxed) != 0 }

  /// Cleans what can be cleaned of a log, however little it is; in as many passes as the map of keys
  /// makes necessary.
  @discardableResult
  func clean(
    _ log: PartitionLog, _ configuration: TopicConfiguration
  ) throws(LogError) -> CompactionReport {
    try passing.withLock { _ throws(LogError) in
      passingThread.store(UInt(pthread_self()), ordering: .relaxed)
      defer { passingThread.store(0, ordering: .relaxed) }
      var total = CompactionReport()
      let services = log.services
      while true {
        if pace.isStopping { throw .closed }
        let now = services.clock.nowMilliseconds()
        do throws(LogError) {
          try log.finishSwap()
          guard let plan = try log.compactionPlan(configuration, now: now) else { return total }
          if log.compaction.cleanedOffset == nil {
            // From here on, the log may have gaps.
            log.compaction.noteCleaned(to: plan.firstDirtyOffset)
            try services.writeCleanedOffsets()
          }
          let report = try CompactionPass(
            log, configuration, plan, pace: pace, nowMilliseconds: now
          ).run(maxMapBytes: maxMapBytes)
          try services.writeCleanedOffsets()
          services.metrics.compacted(report)
          services.logger.info("\(log.identity): compacted: \(report)")
          total.merge(report)
        } catch {
          note(error, of: log)
          throw error
        }
      }
    }
  }

  /// After a damaged batch a log is left as it is; after another error it is tried again later.
  private func note(_ error: LogError, of log: PartitionLog) {
    let logger = log.services.logger
    // The folder may be another store's, or another topic's, already.
    if error == .closed { return }
    do throws(LogError) { try log.removeUncommittedSwaps() } catch {
      logger.warning("\(log.identity): files of compaction are left for now: \(error)")
    }
    switch error {
    case .corrupt:
      log.compaction.status.withLock { $0.isUncleanable = true }
      logger.error(
        "\(log.identity): not compacted until the store is opened again: \(error)")
    default:
      log.compaction.status.withLock { $0.retryTime = .now + Limits.compactionRetryDelay }
      logger.warning("\(log.identity): compaction will be tried again: \(error)")
    }
  }

  // MARK: Ending

  /// Ends the pass at the next batch, and waits for that.
  func stop() {
    let running = state.withLock { state in
      state.isStopping = true
      defer { state.thread = nil }
      return state.thread
    }
    pace.stop()
    running?.join()
    passing.withLock { _ in }
  }

  /// As `stop` for a store that was let go without a close, maybe by this thread.
  func abandon() {
    state.withLock { $0.isStopping = true }
    pace.stop()
    // The pass may have held the last reference to the store, for a moment; it ends by itself then.
    if passingThread.load(ordering: .relaxed) == UInt(pthread_self()) { return }
    // Nothing may change in the folders any more: they may be another store's next.
    passing.withLock { _ in }
  }
}
