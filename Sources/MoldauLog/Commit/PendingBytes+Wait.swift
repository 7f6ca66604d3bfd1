import Synchronization

extension PendingBytes {
  /// Reserves room, suspending while there is none.
  ///
  /// - Throws: `cancelled` when the task was cancelled first, `closed`.
  func awaitRoom(_ byteCount: Int) async throws(LogError) {
    if reserve(byteCount) { return }
    let cancellation = WaitCancellation { [self] id in cancel(id) }
    let failure: LogError? = await withTaskCancellationHandler {
      // SAFETY: the line resumes each waiter once.
      await unsafe withUnsafeContinuation { continuation in
        let id = waitForRoom(byteCount) { failure in
          unsafe continuation.resume(returning: failure)
        }
        cancellation.arm(id)
      }
    } onCancel: {
      cancellation.cancel()
    }
    if let failure { throw failure }
  }

  /// Reserves room, holding up the calling thread while there is none. `prepare` is called before.
  func waitForRoom(_ byteCount: Int, _ prepare: () -> Void) throws(LogError) {
    if reserve(byteCount) { return }
    let signal = WakeSignal()
    let outcome = Shared<LogError?>(nil)
    _ = waitForRoom(byteCount) { failure in
      outcome.value.withLock { $0 = failure }
      signal.wake()
    }
    prepare()
    signal.sleep()
    if let failure = outcome.value.withLock({ $0 }) { throw failure }
  }
}
