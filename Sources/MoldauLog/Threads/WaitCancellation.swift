import Synchronization

/// Brings a cancellation, which may come before a wait has begun, to the wait.
final class WaitCancellation: Sendable {
  private struct State: Sendable {
    var id: UInt64?
    var isCancelled = false
  }

  private let state = Mutex(State())
  private let end: @Sendable (UInt64) -> Void

  /// `end` ends the wait of an id; it may be called for one that has ended.
  init(_ end: @escaping @Sendable (UInt64) -> Void) {
    self.end = end
  }

  /// Says which wait has begun.
  func arm(_ id: UInt64) {
    let isCancelled = state.withLock { state in
      state.id = id
      return state.isCancelled
    }
    if isCancelled { end(id) }
  }

  func cancel() {
    let id = state.withLock { state in
      state.isCancelled = true
      return state.id
    }
    if let id { end(id) }
  }
}
