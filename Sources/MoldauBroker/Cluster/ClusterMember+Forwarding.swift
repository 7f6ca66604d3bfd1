import MoldauCluster
import MoldauProtocol
import Synchronization

/// What only the controller decides, asked by clients of another broker.
extension ClusterMember {
  /// Lets the controller, another broker, answer a client's request.
  ///
  /// - Parameters:
  ///   - frame: the request as it came.
  ///   - refusal: the answer when the controller cannot be asked: with NOT_CONTROLLER when it was not
  ///     reached, with REQUEST_TIMED_OUT when it may have done it.
  func forwardToController<Response: ProtocolResponse>(
    _ frame: RawSpan, _ context: RequestContext, into reply: inout Reply,
    refusal: @escaping @Sendable (ErrorCode) -> Response
  ) -> Outcome {
    // SAFETY: the array copies the frame's bytes.
    let request = unsafe frame.withUnsafeBytes { unsafe [UInt8]($0) }
    let pending = PendingForward(context, refusal: refusal)
    let cell = pending.cell
    queue.add { [self] in
      withForwards { link in
        guard let link else { return cell.settle(.refused(.notController)) }
        link.send(request, within: self.settings.forwardMilliseconds) { answer in
          guard let answer else { return cell.settle(.refused(.requestTimedOut)) }
          // SAFETY: the array copies the answer's bytes.
          cell.settle(.answered(unsafe answer.withUnsafeBytes { unsafe [UInt8]($0) }))
        }
      }
    }
    return .pending(pending, milliseconds: nil)
  }

  /// Gets the link for what is asked for clients, nil when there is no other broker to ask; on the queue.
  func withForwards(_ body: @escaping @Sendable (PeerLink?) -> Void) {
    let (elected, link) = state.withLock { ($0.elected, $0.forwards) }
    guard let elected, elected.nodeID != nodeID else { return body(nil) }
    if let link, !link.hasFailed { return body(link) }
    withEndpoint(of: elected.nodeID) { [self] endpoint in
      guard let endpoint, state.withLock({ $0.elected == elected }) else { return body(nil) }
      let link = PeerLink(to: endpoint, environment.network, scheduler)
      state.withLock { $0.forwards = link }
      body(link)
    }
  }
}

/// What has become of a request that was sent on.
enum ForwardedAnswer: Sendable {
  /// The controller's answer, its header included.
  case answered([UInt8])
  case refused(ErrorCode)
}

/// Where the answer to a request that was sent on is put.
final class ForwardCell: Sendable {
  private let answer = Mutex<ForwardedAnswer?>(nil)
  private let waker: RequestWaker

  init(_ waker: RequestWaker) {
    self.waker = waker
  }

  /// Gives the answer, once. From any thread; quick.
  func settle(_ answer: ForwardedAnswer) {
    self.answer.withLock { $0 = answer }
    waker.wake()
  }

  func take() -> ForwardedAnswer? { answer.withLock { $0 } }
}

/// A client's request that the controller answers.
private final class PendingForward<Response: ProtocolResponse>: PendingRequest {
  let cell: ForwardCell
  private let header: RequestHeader
  private let refusal: @Sendable (ErrorCode) -> Response

  init(_ context: RequestContext, refusal: @escaping @Sendable (ErrorCode) -> Response) {
    cell = ForwardCell(context.waker)
    header = context.header
    self.refusal = refusal
  }

  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool {
    switch cell.take() {
    case .answered(let bytes): reply.relay(bytes)
    case .refused(let code): reply.answer(refusal(code), to: header)
    case nil:
      guard reason == .serverStops else { return false }
      reply.answer(refusal(.notController), to: header)
    }
    return true
  }

  func cancel() {}
}
