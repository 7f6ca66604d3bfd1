/// Why a waiting request is looked at again.
package enum ResumeReason: Sendable {
  /// Its waker was called.
  case woken
  /// It has waited as long as it wanted.
  case timeIsUp
  /// The server stops: who only waits for more to come takes what there is.
  case serverStops
  /// Another broker of the cluster has sent its next request on the same connection: who only waits
  /// for more to come takes what there is, since the answers keep their order.
  case overtaken
}

/// A request that waits for a disk, for records or for time to pass.
///
/// It lives where its connection's answers are written; only its waker crosses threads.
package protocol PendingRequest: AnyObject {
  /// Whether it keeps what the client has sent until it is answered, so that the memory counts.
  var holdsRequest: Bool { get }

  /// Looks again; writes the answer and returns true when there is one, as there must be when the
  /// time is up.
  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool

  /// The client has gone: nobody wants the answer.
  func cancel()
}

extension PendingRequest {
  package var holdsRequest: Bool { false }
}

/// What became of a request.
package enum Outcome {
  /// The answer is in the reply.
  case answered
  /// There is none: the client wants none.
  case unanswered
  /// It comes later; in `milliseconds` its time is up, never when nil.
  case pending(any PendingRequest, milliseconds: Int32?)
}
