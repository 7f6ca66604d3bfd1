import MoldauProtocol
import Synchronization

/// Where an answer is put that another thread makes.
final class AnswerCell<Response: ProtocolResponse>: Sendable {
  private enum State: Sendable {
    case open
    case awaited
    case settled(Response)
  }

  private let state = Mutex(State.open)
  private let waker: RequestWaker

  init(_ waker: RequestWaker) {
    self.waker = waker
  }

  /// Gives the answer; only the first counts. From any thread; quick.
  func settle(_ response: Response) {
    let isAwaited = state.withLock { state in
      switch state {
      case .open:
        state = .settled(response)
        return false
      case .awaited:
        state = .settled(response)
        return true
      case .settled: return false
      }
    }
    if isAwaited { waker.wake() }
  }

  /// The answer, if it was given; without one the request is woken when it is.
  func take() -> Response? {
    state.withLock { state in
      if case .settled(let response) = state { return response }
      state = .awaited
      return nil
    }
  }
}

/// A request whose answer is put in a cell.
final class PendingAnswer<Response: ProtocolResponse>: PendingRequest {
  private let cell: AnswerCell<Response>
  private let header: RequestHeader
  /// The answer when the server stops first; nil waits for the other.
  private let farewell: Response?

  private init(_ cell: AnswerCell<Response>, _ header: RequestHeader, farewell: Response?) {
    self.cell = cell
    self.header = header
    self.farewell = farewell
  }

  /// Writes the answer when it is there, else waits for it.
  static func outcome(
    of cell: AnswerCell<Response>, _ context: RequestContext, farewell: Response? = nil,
    into reply: inout Reply
  ) -> Outcome {
    let pending = PendingAnswer(cell, context.header, farewell: farewell)
    if pending.resume(.woken, into: &reply) { return .answered }
    return .pending(pending, milliseconds: nil)
  }

  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool {
    var response = cell.take()
    if reason == .serverStops, response == nil { response = farewell }
    guard let response else { return false }
    reply.answer(response, to: header)
    return true
  }

  func cancel() {}
}
