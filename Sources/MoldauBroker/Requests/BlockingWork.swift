import MoldauLog
import Synchronization

/// A thread for jobs that wait for a disk, so that event loops need not.
///
/// Runs one job at a time, in order. Started by the first.
final class BlockingWork: Sendable {
  private struct State: Sendable {
    var jobs: [@Sendable () -> Void] = []
    var thread: EngineThread?
    var isStopping = false
  }

  private let name: String
  private let state = Mutex(State())
  private let signal = WakeSignal()

  /// - Parameter name: the thread's, for those who look at the process; at most 15 bytes.
  init(name: String) {
    self.name = name
  }

  /// Adds a job; returns false when too many wait, or after `stop`.
  func add(_ job: @escaping @Sendable () -> Void) -> Bool {
    let isTaken = state.withLock { state in
      guard !state.isStopping, state.jobs.count < Limits.blockingJobCount else { return false }
      state.jobs.append(job)
      if state.thread == nil {
        state.thread = EngineThread(name: name) { [self] in run() }
      }
      return true
    }
    if isTaken { signal.wake() }
    return isTaken
  }

  /// Does the jobs that wait and ends the thread.
  func stop() {
    let thread = state.withLock { state in
      state.isStopping = true
      defer { state.thread = nil }
      return state.thread
    }
    signal.wake()
    thread?.join()
  }

  private func run() {
    while true {
      let (jobs, isStopping) = state.withLock { state in
        defer { state.jobs = [] }
        return (state.jobs, state.isStopping)
      }
      for job in jobs { job() }
      if jobs.isEmpty {
        if isStopping { return }
        signal.sleep()
      }
    }
  }
}
