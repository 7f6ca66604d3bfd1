import MoldauFormat
import Synchronization

/// Those who wait for a log to grow: long polls and tailing readers.
///
/// An append that nobody waits for pays one atomic load.
final class AppendObservers: Sendable {
  private struct Entry: Sendable {
    var offset: Offset
    var body: @Sendable () -> Void
  }

  private struct State: Sendable {
    var entries: [UInt64: Entry] = [:]
    var nextID: UInt64 = 0
  }

  private let state = Mutex(State())
  private let count = Atomic<Int>(0)

  /// Whether nobody waits.
  var isEmpty: Bool { count.load(ordering: .sequentiallyConsistent) == 0 }

  func add(past offset: Offset, _ body: @escaping @Sendable () -> Void) -> AppendObserver {
    let id = state.withLock { state in
      state.nextID += 1
      state.entries[state.nextID] = Entry(offset: offset, body: body)
      count.store(state.entries.count, ordering: .sequentiallyConsistent)
      return state.nextID
    }
    return AppendObserver(observers: self, id: id)
  }

  func remove(_ id: UInt64) {
    state.withLock { state in
      state.entries[id] = nil
      count.store(state.entries.count, ordering: .sequentiallyConsistent)
    }
  }

  /// Calls, and forgets, everyone who waited for the log to pass an offset below `end`.
  func notify(end: Offset) {
    guard count.load(ordering: .sequentiallyConsistent) > 0 else { return }
    let due = state.withLock { state in
      let due = state.entries.filter { $0.value.offset < end }
      for (id, _) in due { state.entries[id] = nil }
      count.store(state.entries.count, ordering: .sequentiallyConsistent)
      return due.values.map(\.body)
    }
    for body in due { body() }
  }

  /// Calls and forgets everyone: the log is closing.
  func notifyAll() {
    notify(end: Offset(rawValue: .max))
  }
}

/// One who waits for a log to grow.
package struct AppendObserver: Sendable {
  let observers: AppendObservers
  let id: UInt64

  /// Forgets the wait. The body may still run if the append came first.
  package func cancel() {
    observers.remove(id)
  }
}
