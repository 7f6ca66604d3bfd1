import Synchronization

/// Work that may wait for the disk and that no appender should: finishing sealed segments, freeing
/// the journal, retention, deletion, checkpoints.
///
/// One thread runs the jobs in order and `onTick` once a second.
final class MaintenanceQueue: Sendable {
  private struct State: Sendable {
    var jobs: [@Sendable () -> Void] = []
    var isStopping = false
  }

  private let state = Mutex(State())
  private let signal = WakeSignal()
  private let thread = Mutex<EngineThread?>(nil)

  func add(_ job: @escaping @Sendable () -> Void) {
    state.withLock { $0.jobs.append(job) }
    signal.wake()
  }

  /// Starts the thread.
  func start(onTick: @escaping @Sendable () -> Void) {
    thread.withLock { thread in
      precondition(thread == nil, "started twice")
      thread = EngineThread(name: "moldau-maintain") { [self] in
        var nextTick = ContinuousClock.now
        while !state.withLock({ $0.isStopping }) {
          // Not until there is none: a long piece of work adds itself again, bit by bit.
          let ranJobs = runWaitingJobs()
          // Jobs wake the thread more often than there is something else to do.
          if nextTick <= .now {
            onTick()
            nextTick = .now + .seconds(1)
          }
          if ranJobs { continue }
          signal.sleep(
            milliseconds: max(1, ContinuousClock.now.duration(to: nextTick).milliseconds))
        }
      }
    }
  }

  /// Returns when all jobs that were added so far have been run, or dropped.
  func finishJobs() {
    guard thread.withLock({ $0 != nil }) else { return runJobs() }
    let done = WakeSignal()
    var ending: JobEnding? = JobEnding(done)
    add { [ending] in withExtendedLifetime(ending) {} }
    ending = nil
    // Nobody looks at the queue any more, or soon nobody will.
    if state.withLock({ $0.isStopping }) { runJobs() }
    done.sleep()
  }

  /// Wakes a thread when the last job that holds it is gone, whether it was run or dropped.
  private final class JobEnding: Sendable {
    private let signal: WakeSignal

    init(_ signal: WakeSignal) {
      self.signal = signal
    }

    deinit {
      signal.wake()
    }
  }

  /// Runs the jobs that wait, on the caller's thread.
  func runJobs() {
    while runWaitingJobs() {}
  }

  /// Runs the jobs that wait at the moment; returns whether there were any.
  private func runWaitingJobs() -> Bool {
    let jobs = state.withLock { state in
      defer { state.jobs = [] }
      return state.jobs
    }
    for job in jobs { job() }
    return !jobs.isEmpty
  }

  /// Ends the thread when it next looks, without waiting, and forgets the jobs that are left: the
  /// store was let go without a close, and they would keep its logs.
  func abandon() {
    state.withLock { state in
      state.isStopping = true
      state.jobs = []
    }
    signal.wake()
  }

  /// Ends the thread and runs the jobs that are left.
  func stop() {
    state.withLock { $0.isStopping = true }
    signal.wake()
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    running?.join()
    runJobs()
  }
}
