import Synchronization

/// A codec's reusable state; used by one call at a time.
protocol PooledContext: AnyObject, Sendable {
  init()
  /// Makes ready for new data after a call that succeeded.
  func reset()
  /// False when the context holds more memory than is worth keeping while idle.
  var isWorthKeeping: Bool { get }
}

/// Idle contexts of one kind, lent to one call at a time.
///
/// Bounded: at most `Limits.pooledContextCount` stay, each of a bounded size. Any thread may call;
/// the lock covers a push or a pop and is never held while a codec runs.
///
/// A context whose call threw is let go: not every library's reset leaves nothing behind (LZ4
/// 1.9.4 keeps the content size of a frame that was broken off and holds the next one to it).
struct ContextPool<Context: PooledContext>: ~Copyable, Sendable {
  private let idle = Mutex<[Context]>([])

  /// Calls `body` with a context that is reset and that no other call uses meanwhile.
  func withContext<Result, Failure: Error>(
    _ body: (Context) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let context = idle.withLock { $0.popLast() } ?? Context()
    context.reset()
    let result = try body(context)
    keep(context)
    return result
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
