import MoldauLog
import Synchronization

/// A thread for jobs that wait for a disk, so that event loops need not.
///
/// Runs one job at a time, in order. Started by the first.
final class BlockingWork: Sendable {
  private struct Job: Sendable {
    let work: @Sendable () -> Void
    let refusal: @Sendable () -> Void
  }

  private struct State: Sendable {
    var jobs: [Job] = []
    var thread: EngineThread?
    var isStopping = false
  }

  private let name: String
  private let runsThread: Bool
  private let state = Mutex(State())
  private let signal = WakeSignal()

  /// - Parameters:
  ///   - name: the thread's, for those who look at the process; at most 15 bytes.
  ///   - runsThread: whether jobs are done on their own; without it `runNext` must be called.
  init(name: String, runsThread: Bool = true) {
    self.name = name
    self.runsThread = runsThread
  }

  /// Adds a job; returns false when too many wait, or after `stop`.
  ///
  /// - Parameter refusal: is called by the thread instead when `stop` comes before the job's turn.
  func add(
    _ work: @escaping @Sendable () -> Void, refusal: @escaping @Sendable () -> Void
  ) -> Bool {
    let isTaken = state.withLock { state in
      guard !state.isStopping, state.jobs.count < Limits.blockingJobCount else { return false }
      state.jobs.append(Job(work: work, refusal: refusal))
      if state.thread == nil, runsThread {
        state.thread = EngineThread(name: name) { [self] in run() }
      }
      return true
    }
    if isTaken { signal.wake() }
    return isTaken
  }

  /// Refuses the jobs that have not begun and takes no more. Waits for nothing.
  func beginStopping() {
    state.withLock { $0.isStopping = true }
    signal.wake()
  }

  /// Refuses the jobs that have not begun and ends the thread, when the one that it does is done.
  func stop() {
    let thread = state.withLock { state in
      state.isStopping = true
      defer { state.thread = nil }
      return state.thread
    }
    signal.wake()
    thread?.join()
    if !runsThread { while runNext() {} }
  }

  /// Forgets the jobs that have not begun, and takes no more. Without a thread.
  func abandon() {
    state.withLock { state in
      state.isStopping = true
      state.jobs = []
    }
  }

  /// Whether no job waits for its turn.
  var isEmpty: Bool { state.withLock { $0.jobs.isEmpty } }

  /// Does the job whose turn it is on the caller's thread; returns whether there was one. Without a
  /// thread.
  func runNext() -> Bool {
    let (job, isStopping) = state.withLock { state in
      (state.jobs.isEmpty ? nil : state.jobs.removeFirst(), state.isStopping)
    }
    guard let job else { return false }
    if isStopping { job.refusal() } else { job.work() }
    return true
  }

  private func run() {
    while true {
      let (jobs, isLast) = state.withLock { state in
        defer { state.jobs = [] }
        return (state.jobs, state.isStopping)
      }
      for job in jobs {
        if isStopping { job.refusal() } else { job.work() }
      }
      if jobs.isEmpty {
        if isLast { return }
        signal.sleep()
      }
    }
  }

  private var isStopping: Bool { state.withLock { $0.isStopping } }
}
