import MoldauLog
import MoldauProtocol
import Synchronization

/// A produce request whose batches are written and wait for the device.
final class PendingProduce: PendingRequest {
  /// What the commit thread tells.
  private final class Wait: Sendable {
    let waker: RequestWaker
    /// Batches that the device does not have yet, and one for `startWaiting` itself.
    let outstanding: Atomic<Int>
    let failures = Mutex<[Int: LogError]>([:])

    init(count: Int, waker: RequestWaker) {
      outstanding = Atomic(count + 1)
      self.waker = waker
    }

    func settle(_ index: Int, _ result: Result<Void, LogError>) {
      if case .failure(let error) = result {
        failures.withLock { $0[index] = error }
      }
      if settleOne() { waker.wake() }
    }

    /// Returns whether that was the last.
    func settleOne() -> Bool {
      outstanding.subtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }

    var isDone: Bool { outstanding.load(ordering: .acquiring) == 0 }
  }

  private var response: ProduceResponse
  private let header: RequestHeader
  private let unsynced: [ProduceAppends.Unsynced]
  private let wait: Wait

  init(_ appends: ProduceAppends, _ context: RequestContext) {
    response = appends.response
    unsynced = appends.unsynced
    header = context.header
    wait = Wait(count: unsynced.count, waker: context.waker)
  }

  func startWaiting() {
    for (index, batch) in unsynced.enumerated() {
      batch.log.whenDurable(below: batch.next) { [wait] result in wait.settle(index, result) }
    }
    _ = wait.settleOne()
  }

  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool {
    guard wait.isDone || reason == .timeIsUp else { return false }
    let failures = wait.failures.withLock { $0 }
    for (index, batch) in unsynced.enumerated() {
      if let error = failures[index] {
        refuse(batch, ErrorCode(error), "\(error)")
      } else if reason == .timeIsUp, batch.log.durableOffset < batch.next {
        refuse(batch, .requestTimedOut, "written, but the device has not confirmed it in time")
      }
    }
    reply.answer(response, to: header)
    return true
  }

  private func refuse(_ batch: ProduceAppends.Unsynced, _ code: ErrorCode, _ message: String) {
    response.topics[batch.topic].partitions[batch.partition].errorCode = code
    response.topics[batch.topic].partitions[batch.partition].errorMessage = message
    response.topics[batch.topic].partitions[batch.partition].baseOffset = -1
  }

  func cancel() {}
}
