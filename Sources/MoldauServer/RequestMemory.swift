import Synchronization

/// The memory that large requests of all connections may take together while they arrive, and while
/// they wait for a thread.
///
/// A connection that finds none waits its turn and reads nothing meanwhile. Thread-safe.
final class RequestMemory: Sendable {
  private struct Waiter: Sendable {
    let id: ObjectIdentifier
    let byteCount: Int
    let grant: @Sendable () -> Void
  }

  private struct State: Sendable {
    var free: Int
    var waiters: [Waiter] = []
  }

  /// All of it.
  let byteCount: Int
  private let state: Mutex<State>

  /// What is taken of it.
  var usedByteCount: Int { byteCount - state.withLock { $0.free } }

  init(byteCount: Int) {
    self.byteCount = byteCount
    state = Mutex(State(free: byteCount))
  }

  /// Takes `byteCount` bytes and returns true; or calls `grant` later, when they were taken for the
  /// caller, and returns false.
  ///
  /// - Precondition: the memory is as large as that.
  func reserve(
    _ byteCount: Int, for id: ObjectIdentifier, _ grant: @escaping @Sendable () -> Void
  ) -> Bool {
    state.withLock { state in
      if state.waiters.isEmpty, state.free >= byteCount {
        state.free -= byteCount
        return true
      }
      state.waiters.append(Waiter(id: id, byteCount: byteCount, grant: grant))
      return false
    }
  }

  /// Gives bytes back.
  func release(_ byteCount: Int) {
    guard byteCount > 0 else { return }
    hand { $0.free += byteCount }
  }

  /// Forgets a wait; a grant may be on its way all the same.
  func cancel(_ id: ObjectIdentifier) {
    hand { state in state.waiters.removeAll { $0.id == id } }
  }

  /// Makes a change, and serves those who wait as far as it goes, in their order.
  private func hand(_ change: (inout State) -> Void) {
    let granted = state.withLock { state in
      change(&state)
      var granted: [Waiter] = []
      while let first = state.waiters.first, first.byteCount <= state.free {
        state.free -= first.byteCount
        granted.append(first)
        state.waiters.removeFirst()
      }
      return granted
    }
    for waiter in granted { waiter.grant() }
  }
}
