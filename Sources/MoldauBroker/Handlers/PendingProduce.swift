import MoldauLog
import MoldauProtocol
import Synchronization

/// A produce request whose batches are written and wait for the device, or for other replicas.
final class PendingProduce: PendingRequest {
  /// What the commit thread and the followers' fetches tell.
  private final class Wait: Sendable {
    /// Why a batch is not acknowledged.
    struct Refusal: Sendable {
      let code: ErrorCode
      let message: String
    }

    let waker: RequestWaker
    /// Batches that are not settled yet, and one for `startWaiting` itself.
    let outstanding: Atomic<Int>
    /// By number; nil for a batch that is safe.
    let outcomes = Mutex<[Int: Refusal?]>([:])

    init(count: Int, waker: RequestWaker) {
      outstanding = Atomic(count + 1)
      self.waker = waker
    }

    func settle(_ index: Int, _ refusal: Refusal?) {
      outcomes.withLock { _ = $0.updateValue(refusal, forKey: index) }
      if settleOne() { waker.wake() }
    }

    /// Returns whether that was the last.
    func settleOne() -> Bool {
      outstanding.subtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }

    var isDone: Bool { outstanding.load(ordering: .acquiring) == 0 }
  }

  private var response: ProduceResponse
  private let context: RequestContext
  private let unsettled: [ProduceAppends.Unsettled]
  private let replicas: Replicas?
  private let wait: Wait

  /// - Parameter replicas: what names the leaders of partitions that are not led here any more.
  init(_ appends: ProduceAppends, _ context: RequestContext, _ replicas: Replicas?) {
    response = appends.response
    unsettled = appends.unsettled
    self.context = context
    self.replicas = replicas
    wait = Wait(count: unsettled.count, waker: context.waker)
  }

  func startWaiting() {
    for (index, batch) in unsettled.enumerated() {
      if let epoch = batch.committedEpoch {
        batch.target.whenCommitted(below: batch.next, inEpoch: epoch) { [wait] verdict in
          wait.settle(index, Self.refusal(verdict))
        }
      } else {
        batch.target.log.whenDurable(below: batch.next) { [wait] result in
          if case .failure(let error) = result {
            wait.settle(index, Self.refusal(.failed(error)))
          } else {
            wait.settle(index, nil)
          }
        }
      }
    }
    _ = wait.settleOne()
  }

  private static func refusal(_ verdict: CommitVerdict) -> Wait.Refusal? {
    switch verdict {
    case .committed:
      nil
    case .leadershipLost:
      Wait.Refusal(code: .notLeaderOrFollower, message: "written, but another broker leads now")
    case .tooFewReplicas:
      Wait.Refusal(
        code: .notEnoughReplicasAfterAppend, message: "written, but too few replicas are in sync")
    case .failed(let error):
      Wait.Refusal(code: ErrorCode(error), message: "\(error)")
    }
  }

  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool {
    guard wait.isDone || reason == .timeIsUp else { return false }
    let outcomes = wait.outcomes.withLock { $0 }
    for (index, batch) in unsettled.enumerated() {
      if let outcome = outcomes[index] {
        if let refusal = outcome { refuse(batch, refusal.code, refusal.message) }
      } else if batch.committedEpoch != nil {
        refuse(batch, .requestTimedOut, "written, but not all in-sync replicas have it in time")
      } else if batch.target.log.durableOffset < batch.next {
        refuse(batch, .requestTimedOut, "written, but the device has not confirmed it in time")
      }
    }
    if let replicas { response.nameLeaders(replicas, context) }
    reply.answer(response, to: context.header)
    return true
  }

  private func refuse(_ batch: ProduceAppends.Unsettled, _ code: ErrorCode, _ message: String) {
    response.topics[batch.topic].partitions[batch.partition].errorCode = code
    response.topics[batch.topic].partitions[batch.partition].errorMessage = message
    response.topics[batch.topic].partitions[batch.partition].baseOffset = -1
  }

  func cancel() {}
}
