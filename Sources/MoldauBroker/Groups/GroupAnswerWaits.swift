import MoldauLog
import Synchronization

/// Who waits for records of groups to be committed, in the order in which they were written.
///
/// Each is told once: how it ended, that it takes too long, or that the partition is led elsewhere.
/// One timer for all, which a wait moves only when nobody waited before. Thread-safe.
final class GroupAnswerWaits: Sendable {
  typealias Body = @Sendable (GroupStorageFailure?) -> Void

  private struct State: Sendable {
    var waits: [UInt64: (deadline: Int64, body: Body)] = [:]
    /// All below it are told.
    var first: UInt64 = 0
    var next: UInt64 = 0
    /// Why nobody can wait any more, once that is so.
    var end: GroupStorageFailure?
  }

  private let scheduler: Scheduler
  /// Nil waits as long as it takes.
  private let patienceMilliseconds: Int64?
  private let state = Mutex(State())
  private let timer = Mutex<Scheduler.Timer?>(nil)

  init(_ scheduler: Scheduler, patienceMilliseconds: Int64?) {
    self.scheduler = scheduler
    self.patienceMilliseconds = patienceMilliseconds
  }

  /// Adds one; returns the number by which `settle` finds it.
  func add(_ body: @escaping Body) -> UInt64 {
    let now = scheduler.clock.nowMilliseconds()
    let deadline = patienceMilliseconds.map { now + $0 } ?? .max
    let (id, isFirst, end) = state.withLock { state in
      let id = state.next
      state.next += 1
      if state.end == nil { state.waits[id] = (deadline, body) }
      return (id, state.waits.count == 1, state.end)
    }
    if let end { body(end) } else if isFirst { setTimer(deadline) }
    return id
  }

  /// Tells one how it ended, unless it was told before.
  func settle(_ id: UInt64, _ failure: GroupStorageFailure?) {
    let body = state.withLock { $0.waits.removeValue(forKey: id)?.body }
    body?(failure)
  }

  /// Tells all, and all who come later, that it ended so.
  func end(_ failure: GroupStorageFailure) {
    let bodies = state.withLock { state in
      state.end = failure
      defer { state.waits = [:] }
      return state.waits.sorted { $0.key < $1.key }.map(\.value.body)
    }
    timer.withLock { timer in
      if let timer { scheduler.cancel(timer) }
      timer = nil
    }
    for body in bodies { body(failure) }
  }

  private func setTimer(_ deadline: Int64) {
    guard deadline < .max else { return }
    timer.withLock { timer in
      let found = timer ?? scheduler.timer { [weak self] in self?.timePassed() }
      timer = found
      scheduler.set(found, at: deadline)
    }
  }

  /// Tells those whose time is up, and comes back for the next.
  private func timePassed() {
    let now = scheduler.clock.nowMilliseconds()
    let (late, next) = state.withLock { state in
      var late: [Body] = []
      while state.first < state.next {
        if let wait = state.waits[state.first] {
          guard wait.deadline <= now else { return (late, wait.deadline as Int64?) }
          late.append(wait.body)
          state.waits[state.first] = nil
        }
        state.first += 1
      }
      return (late, nil)
    }
    if let next { setTimer(next) }
    for body in late { body(.timedOut) }
  }
}
