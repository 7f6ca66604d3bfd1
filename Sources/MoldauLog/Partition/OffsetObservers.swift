package import MoldauFormat
import Synchronization

/// Those who wait for an offset that only grows to pass another: for a log's end, long polls and tailing
/// readers; for its high watermark, whoever waits until records are replicated.
///
/// Thread-safe. A step that nobody waits for pays one atomic load; one for which nobody is due, who
/// wait for later offsets, a look at the first of them.
package final class OffsetObservers: Sendable {
  private typealias Body = @Sendable () -> Void

  private struct State: Sendable {
    /// By the offset that is waited for. Readers at the end of a log all wait for the same one.
    var waits: [Offset: [UInt64: Body]] = [:]
    /// The offsets of `waits`, in order: few, however many wait.
    var offsets: [Offset] = []
    var count = 0
    var nextID: UInt64 = 0

    /// Where an offset is among `offsets`, or belongs.
    func place(of offset: Offset) -> Int {
      var low = 0
      var high = offsets.count
      while low < high {
        let middle = (low + high) >> 1
        if offsets[middle] < offset { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  private let state = Mutex(State())
  private let count = Atomic<Int>(0)

  package init() {}

  /// Whether nobody waits.
  package var isEmpty: Bool { count.load(ordering: .sequentiallyConsistent) == 0 }

  /// Has `body` called once when `notify` says that the offset has passed another one.
  ///
  /// The offset may have come there between the caller's look and this call: look again, and notify.
  package func add(past offset: Offset, _ body: @escaping @Sendable () -> Void) -> AppendObserver {
    let id = state.withLock { state in
      state.nextID += 1
      if state.waits[offset] == nil { state.offsets.insert(offset, at: state.place(of: offset)) }
      state.waits[offset, default: [:]][state.nextID] = body
      state.count += 1
      count.store(state.count, ordering: .sequentiallyConsistent)
      return state.nextID
    }
    return AppendObserver(observers: self, offset: offset, id: id)
  }

  fileprivate func remove(_ id: UInt64, past offset: Offset) {
    state.withLock { state in
      guard state.waits[offset]?.removeValue(forKey: id) != nil else { return }
      state.count -= 1
      if state.waits[offset]?.isEmpty == true {
        state.waits[offset] = nil
        state.offsets.remove(at: state.place(of: offset))
      }
      count.store(state.count, ordering: .sequentiallyConsistent)
    }
  }

  /// Calls, and forgets, everyone who waited for an offset below `end` to be passed; on the caller's
  /// thread, with no lock held.
  ///
  /// - Complexity: O(*n*) in the number of those who are called.
  package func notify(end: Offset) {
    guard count.load(ordering: .sequentiallyConsistent) > 0 else { return }
    let due: [Body] = state.withLock { state in
      guard let first = state.offsets.first, first < end else { return [] }
      let passed = state.place(of: end)
      var due: [Body] = []
      for offset in state.offsets[..<passed] {
        // In the order in which they came, so that a simulation repeats itself.
        let waits = state.waits.removeValue(forKey: offset) ?? [:]
        due += waits.sorted { $0.key < $1.key }.map(\.value)
      }
      state.offsets.removeFirst(passed)
      state.count -= due.count
      count.store(state.count, ordering: .sequentiallyConsistent)
      return due
    }
    for body in due { body() }
  }

  /// Calls and forgets everyone: the log is closing, or its leadership has ended.
  package func notifyAll() {
    notify(end: Offset(rawValue: .max))
  }
}

/// One who waits for an offset to be passed.
package struct AppendObserver: Sendable {
  fileprivate let observers: OffsetObservers
  fileprivate let offset: Offset
  fileprivate let id: UInt64

  /// Forgets the wait. The body may still run if the offset was passed first.
  package func cancel() {
    observers.remove(id, past: offset)
  }
}
