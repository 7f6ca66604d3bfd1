import MoldauFormat
import Synchronization

@testable import MoldauBroker

/// A leader whose high watermark a test moves.
final class FakeGroupStorage: GroupStorage {
  private struct State: Sendable {
    var highWatermark: Offset
    var refusal: GroupStorageFailure?
    var waits: [(offset: Offset, body: @Sendable (GroupStorageOutcome) -> Void)] = []
  }

  private let state: Mutex<State>

  init(highWatermark: Int64 = 0) {
    state = Mutex(State(highWatermark: Offset(rawValue: highWatermark)))
  }

  var refusal: GroupStorageFailure? { state.withLock(\.refusal) }

  var waitCount: Int { state.withLock(\.waits.count) }

  func whenCommitted(
    below offset: Offset, _ body: @escaping @Sendable (GroupStorageOutcome) -> Void
  ) {
    let isCommitted = state.withLock { state in
      if state.highWatermark >= offset { return true }
      state.waits.append((offset, body))
      return false
    }
    if isCommitted { body(.committed) }
  }

  /// All that was written is on all replicas.
  func commitAll() {
    let due = state.withLock { state in
      for wait in state.waits { state.highWatermark = max(state.highWatermark, wait.offset) }
      defer { state.waits = [] }
      return state.waits
    }
    for wait in due { wait.body(.committed) }
  }

  /// Too few replicas are in sync; until `commitAll`.
  func shrink() {
    let waits = state.withLock { state in
      state.refusal = .notEnoughReplicas
      return state.waits
    }
    for wait in waits { wait.body(.delayed(.notEnoughReplicas)) }
  }

  func grow() {
    state.withLock { $0.refusal = nil }
  }

  /// Another leads.
  func lose() {
    let waits = state.withLock { state in
      state.refusal = .notCoordinator
      defer { state.waits = [] }
      return state.waits
    }
    for wait in waits { wait.body(.failed(.notCoordinator)) }
  }
}
