import MoldauFormat
import Synchronization

extension PartitionLog {
  /// Suspends until all below `offset` is durable; `reserved` pending bytes are released then.
  func awaitDurable(
    below offset: Offset, _ plan: AppendPlan, reserved: Int
  ) async throws(LogError) {
    // SAFETY: the commit queue resumes each waiter once.
    let failure: LogError? = await unsafe withUnsafeContinuation { continuation in
      addWaiter(below: offset, plan, reserved: reserved) { failure in
        unsafe continuation.resume(returning: failure)
      }
    }
    if let failure { throw failure }
  }

  /// As `awaitDurable`, on the calling thread.
  func waitUntilDurable(
    below offset: Offset, _ plan: AppendPlan, reserved: Int
  ) throws(LogError) {
    let signal = WakeSignal()
    let outcome = Shared<LogError?>(nil)
    addWaiter(below: offset, plan, reserved: reserved) { failure in
      outcome.value.withLock { $0 = failure }
      signal.wake()
    }
    services.commits.prepareToSleep()
    signal.sleep()
    if let failure = outcome.value.withLock({ $0 }) { throw failure }
  }

  /// Asks for a commit that nobody waits for.
  func requestDurable(below offset: Offset, _ plan: AppendPlan, reserved: Int) {
    addWaiter(below: offset, plan, reserved: reserved) { _ in }
  }

  private func addWaiter(
    below offset: Offset, _ plan: AppendPlan, reserved: Int,
    _ resume: @escaping @Sendable (LogError?) -> Void
  ) {
    services.commits.add(
      CommitWaiter(
        log: self, offset: offset, isDirect: plan.level == .everyAppend,
        maxDelayNanoseconds: plan.maxDelayNanoseconds, reservedByteCount: reserved,
        resume: resume))
  }
}
