import Synchronization

/// A codec's reusable state; used by one call at a time.
protocol PooledContext: AnyObject, Sendable {
  init()
  /// Forgets the last call's data and errors.
  func reset()
  /// False when the context holds more memory than is worth keeping while idle.
  var isWorthKeeping: Bool { get }
}

/// Idle contexts of one kind, lent to one call at a time.
///
/// Bounded: at most `Limits.pooledContextCount` stay, each of a bounded size. Any thread may call;
/// the lock covers a push or a pop and is never held while a codec runs.
struct ContextPool<Context: PooledContext>: ~Copyable, Sendable {
  private let idle = Mutex<[Context]>([])

  /// Calls `body` with a context that is reset and that no other call uses meanwhile.
  func withContext<Result, Failure: Error>(
    _ body: (Context) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let context = idle.withLock { $0.popLast() } ?? Context()
    context.reset()
    defer { keep(context) }
    return try body(context)
  }

  private func keep(_ context: Context) {
    guard context.isWorthKeeping else { return }
    idle.withLock { contexts in
      if contexts.count < Limits.pooledContextCount {
        contexts.append(context)
      }
    }
  }
}
