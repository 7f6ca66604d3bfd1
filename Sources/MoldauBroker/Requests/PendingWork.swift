import MoldauProtocol
import Synchronization

/// A request whose answer the blocking thread makes.
final class PendingWork<Response: ProtocolResponse>: PendingRequest {
  /// Where the thread puts what it has made.
  private final class Result: Sendable {
    let response = Mutex<Response?>(nil)
  }

  private let header: RequestHeader
  private let result = Result()

  var holdsRequest: Bool { true }

  private init(header: RequestHeader) {
    self.header = header
  }

  /// Lets `work` make the answer; `refusal` is the answer when too much work waits already, or when
  /// the broker stops before it is this request's turn.
  static func start(
    _ context: RequestContext, on thread: BlockingWork, into reply: inout Reply,
    refusal: @autoclosure @escaping @Sendable () -> Response,
    _ work: @escaping @Sendable () -> Response
  ) -> Outcome {
    let pending = PendingWork(header: context.header)
    let answer = { @Sendable [result = pending.result, waker = context.waker] (made: Response) in
      result.response.withLock { $0 = made }
      waker.wake()
    }
    let isTaken = thread.add({ answer(work()) }, refusal: { answer(refusal()) })
    if isTaken { return .pending(pending, milliseconds: nil) }
    reply.answer(refusal(), to: context.header)
    return .answered
  }

  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool {
    guard let response = result.response.withLock({ $0 }) else { return false }
    reply.answer(response, to: header)
    return true
  }

  func cancel() {}
}
