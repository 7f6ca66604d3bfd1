import Synchronization

/// One wait of a task that the first of several events ends.
final class Wakening: Sendable {
  @safe private enum State: Sendable {
    case idle
    case waiting(UnsafeContinuation<Void, Never>)
    case fired
  }

  private let state = Mutex(State.idle)

  /// Ends the wait, or keeps it from beginning. Quick; callable from any thread and again.
  func fire() {
    let waiting: UnsafeContinuation<Void, Never>? = unsafe state.withLock { state in
      defer { state = .fired }
      if case .waiting(let continuation) = state { return unsafe continuation }
      return nil
    }
    unsafe waiting?.resume()
  }

  /// Suspends until `fire` is called. Call it once. A cancelled task does not wait.
  func wait() async {
    await withTaskCancellationHandler {
      // SAFETY: the state gives the continuation away once.
      await unsafe withUnsafeContinuation { continuation in
        let hasFired = state.withLock { state in
          if case .fired = state { return true }
          state = unsafe .waiting(continuation)
          return false
        }
        if hasFired { unsafe continuation.resume() }
      }
    } onCancel: {
      fire()
    }
  }
}
