import Synchronization

/// A few threads for short work that waits for the disk: chunks of reads.
///
/// A thread is started when work finds none idle, up to a bound, and ends when it was idle for a
/// while, so a pool that nobody uses costs nothing. Thread-safe.
final class WorkerPool: Sendable {
  private struct State: Sendable {
    var jobs: [@Sendable () -> Void] = []
    var threadCount = 0
    var idleCount = 0
    var isStopping = false
  }

  private let name: String
  private let maxThreads: Int
  private let state = Mutex(State())
  private let signal = WakeSignal()

  init(name: String, maxThreads: Int) {
    self.name = name
    self.maxThreads = maxThreads
  }

  /// Runs `job` on one of the threads; returns false when the pool was stopped.
  func add(_ job: @escaping @Sendable () -> Void) -> Bool {
    enum Step { case refuse, wake, start, nothing }
    let step: Step = state.withLock { state in
      guard !state.isStopping else { return .refuse }
      state.jobs.append(job)
      if state.idleCount > 0 {
        state.idleCount -= 1
        return .wake
      }
      guard state.threadCount < maxThreads else { return .nothing }
      state.threadCount += 1
      return .start
    }
    switch step {
    case .refuse: return false
    case .wake: signal.wake()
    case .start: EngineThread.detached(name: name) { [self] in run() }
    case .nothing: break
    }
    return true
  }

  /// Runs `work` on one of the threads and returns what it returns.
  func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws(LogError) -> Value
  ) async throws(LogError) -> Value {
    // SAFETY: the pool runs each job once, and a refused one not at all.
    let result: Result<Value, LogError> = await unsafe withUnsafeContinuation { continuation in
      let isAdded = add {
        let result: Result<Value, LogError>
        do throws(LogError) { result = .success(try work()) } catch { result = .failure(error) }
        unsafe continuation.resume(returning: result)
      }
      if !isAdded { unsafe continuation.resume(returning: .failure(.closed)) }
    }
    return try result.get()
  }

  /// Refuses further work; what was added still runs.
  func stop() {
    let sleeping = state.withLock { state in
      state.isStopping = true
      defer { state.idleCount = 0 }
      return state.idleCount
    }
    for _ in 0..<sleeping { signal.wake() }
  }

  private func run() {
    while let job = next() { job() }
  }

  /// Waits for work; nil ends the thread.
  private func next() -> (@Sendable () -> Void)? {
    enum Step { case job(@Sendable () -> Void), sleep, end }
    var wasIdle = false
    while true {
      let step: Step = state.withLock { state in
        // One job per reader that waits, so the array is short.
        if !state.jobs.isEmpty { return .job(state.jobs.removeFirst()) }
        // Whoever was woken is no longer counted as idle; whoever slept in vain still is.
        if state.isStopping || (wasIdle && state.idleCount > 0) {
          if wasIdle && !state.isStopping { state.idleCount -= 1 }
          state.threadCount -= 1
          return .end
        }
        state.idleCount += 1
        return .sleep
      }
      switch step {
      case .job(let job): return job
      case .end: return nil
      case .sleep:
        signal.sleep(milliseconds: Limits.idleWorkerMilliseconds)
        wasIdle = true
      }
    }
  }
}
