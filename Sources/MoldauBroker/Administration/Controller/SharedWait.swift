import Synchronization

/// Work that is done once for all who want it while it is under way. Thread-safe.
final class SharedWait: Sendable {
  private let waiting = Mutex<[@Sendable () -> Void]>([])

  /// Calls `completion` once `work` has called what it is handed, which it does once, from any thread;
  /// that of another caller when it is under way.
  func run(
    _ completion: @escaping @Sendable () -> Void,
    _ work: (@escaping @Sendable () -> Void) -> Void
  ) {
    let isFirst = waiting.withLock { waiting in
      waiting.append(completion)
      return waiting.count == 1
    }
    guard isFirst else { return }
    work { [self] in
      let done = waiting.withLock { waiting in
        defer { waiting = [] }
        return waiting
      }
      for completion in done { completion() }
    }
  }
}
