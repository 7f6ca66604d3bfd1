import Synchronization

/// Runs one piece of work after another, in the order in which they were added.
///
/// Its thread is started by the first work. What has nothing to wait for belongs here; work that may
/// wait for a disk keeps what comes after it waiting. Thread-safe.
package final class SerialQueue: Sendable {
  private struct State: Sendable {
    var work: [@Sendable () -> Void] = []
    var thread: EngineThread?
    var isSleeping = false
    var isStopping = false
  }

  private let name: String
  private let runsThread: Bool
  private let state = Mutex(State())
  private let signal = WakeSignal()

  /// - Parameters:
  ///   - name: the thread's, for those who look at the process; at most 15 bytes.
  ///   - runsThread: whether work is done on its own; without it `runAll` must be called.
  package init(name: String, runsThread: Bool = true) {
    self.name = name
    self.runsThread = runsThread
  }

  /// Adds work; it is dropped after `stop`. From any thread.
  package func add(_ work: @escaping @Sendable () -> Void) {
    let wakes = state.withLock { state in
      guard !state.isStopping else { return false }
      state.work.append(work)
      if state.thread == nil, runsThread {
        state.thread = EngineThread(name: name) { [self] in run() }
      }
      defer { state.isSleeping = false }
      return state.isSleeping
    }
    if wakes { signal.wake() }
  }

  /// Does the piece of work that was added first, on the caller's thread; returns whether there was
  /// one. For queues without a thread.
  package func runNext() -> Bool {
    let next = state.withLock { $0.work.isEmpty ? nil : $0.work.removeFirst() }
    next?()
    return next != nil
  }

  /// Whether nothing waits to be done.
  package var isEmpty: Bool { state.withLock { $0.work.isEmpty } }

  /// Does all that was added, and what that adds; on the caller's thread. For queues without one.
  package func runAll() {
    while runOnce() {}
  }

  /// Does the work that has begun, drops the rest, and ends the thread. Not from the queue's own work.
  package func stop() {
    let thread = state.withLock { state in
      state.isStopping = true
      state.work = []
      defer { state.thread = nil }
      return state.thread
    }
    signal.wake()
    thread?.join()
  }

  /// Does what was added up to now; returns whether that was something.
  private func runOnce() -> Bool {
    let work = state.withLock { state in
      defer { state.work = [] }
      return state.work
    }
    for body in work { body() }
    return !work.isEmpty
  }

  private func run() {
    while true {
      if runOnce() { continue }
      let (sleeps, isStopping) = state.withLock { state in
        state.isSleeping = state.work.isEmpty && !state.isStopping
        return (state.isSleeping, state.isStopping)
      }
      if isStopping { return }
      if sleeps { signal.sleep() }
    }
  }
}
