import Synchronization

/// Bounds the bytes that are appended and wait to become durable.
///
/// An append reserves its bytes before it writes and the commit thread releases them. Who finds no
/// room waits in line; released room is given to the line's head, so nobody polls and nobody is
/// overtaken. A batch larger than the bound goes when nothing else is pending. Thread-safe.
final class PendingBytes: Sendable {
  private struct Waiter: Sendable {
    var id: UInt64
    var byteCount: Int
    var resume: @Sendable (LogError?) -> Void
  }

  private struct Line: Sendable {
    var waiters: [Waiter] = []
    var nextID: UInt64 = 0
    var isClosed = false
  }

  let limit: Int
  private let count = Atomic<Int>(0)
  private let waiterCount = Atomic<Int>(0)
  private let line = Mutex(Line())

  init(limit: Int) {
    self.limit = limit
  }

  /// The bytes that are reserved now.
  var byteCount: Int { count.load(ordering: .relaxed) }

  /// How many wait for room now.
  var waitingCount: Int { waiterCount.load(ordering: .relaxed) }

  /// Reserves room if there is some and nobody waits for it.
  ///
  /// HOT: once per append that asks for a sync.
  func reserve(_ byteCount: Int) -> Bool {
    waiterCount.load(ordering: .sequentiallyConsistent) == 0 && take(byteCount)
  }

  private func take(_ byteCount: Int) -> Bool {
    var current = count.load(ordering: .sequentiallyConsistent)
    while current == 0 || current + byteCount <= limit {
      let (exchanged, original) = count.weakCompareExchange(
        expected: current, desired: current + byteCount, ordering: .sequentiallyConsistent)
      if exchanged { return true }
      current = original
    }
    return false
  }

  /// Gives room back and hands it to those who wait.
  func release(_ byteCount: Int) {
    guard byteCount > 0 else { return }
    count.subtract(byteCount, ordering: .sequentiallyConsistent)
    // Either this sees the waiter, or the waiter, who counts itself first, sees the room.
    if waiterCount.load(ordering: .sequentiallyConsistent) > 0 { serveLine() }
  }

  /// Calls `resume` once: with nil when the bytes are reserved, else with what ended the wait.
  ///
  /// Returns what `cancel` takes.
  func waitForRoom(_ byteCount: Int, _ resume: @escaping @Sendable (LogError?) -> Void) -> UInt64 {
    let (id, isClosed) = line.withLock { line in
      line.nextID += 1
      guard !line.isClosed else { return (line.nextID, true) }
      line.waiters.append(Waiter(id: line.nextID, byteCount: byteCount, resume: resume))
      waiterCount.store(line.waiters.count, ordering: .sequentiallyConsistent)
      return (line.nextID, false)
    }
    if isClosed { resume(.closed) } else { serveLine() }
    return id
  }

  /// Ends a wait with `cancelled`; nothing happens when it has ended already.
  func cancel(_ id: UInt64) {
    let cancelled: Waiter? = line.withLock { line in
      guard let index = line.waiters.firstIndex(where: { $0.id == id }) else { return nil }
      defer { waiterCount.store(line.waiters.count, ordering: .sequentiallyConsistent) }
      return line.waiters.remove(at: index)
    }
    guard let cancelled else { return }
    cancelled.resume(.cancelled)
    serveLine()
  }

  /// Ends all waits with `closed`, later ones too.
  func close() {
    let waiters = line.withLock { line in
      defer {
        line.waiters = []
        waiterCount.store(0, ordering: .sequentiallyConsistent)
      }
      line.isClosed = true
      return line.waiters
    }
    for waiter in waiters { waiter.resume(.closed) }
  }

  private func serveLine() {
    let served: [Waiter] = line.withLock { line in
      let fitting = line.waiters.prefix { take($0.byteCount) }
      line.waiters.removeFirst(fitting.count)
      waiterCount.store(line.waiters.count, ordering: .sequentiallyConsistent)
      return Array(fitting)
    }
    for waiter in served { waiter.resume(nil) }
  }
}
