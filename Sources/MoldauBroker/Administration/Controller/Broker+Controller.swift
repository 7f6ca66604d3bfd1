import MoldauCluster
import MoldauLog
import MoldauProtocol
import Synchronization

/// How changes of the cluster come to its controller.
extension Broker {
  /// Lets `body` answer a client when this broker is the controller, and the controller when another
  /// is.
  ///
  /// - Parameters:
  ///   - frame: the request as it came.
  ///   - refusal: the answer when there is no controller to be found.
  ///   - body: gives the answer once, now or later, from any thread.
  func onController<Response: ProtocolResponse>(
    _ member: ClusterMember, _ frame: RawSpan, _ context: RequestContext,
    into reply: inout Reply, refusal: @escaping @Sendable (ErrorCode) -> Response,
    _ body: (ClusterController, @escaping @Sendable (Response) -> Void) -> Void
  ) -> Outcome {
    if let controller = member.controller, controller.isActive {
      let cell = AnswerCell<Response>(context.waker)
      body(controller) { cell.settle($0) }
      return PendingAnswer.outcome(
        of: cell, context, farewell: refusal(.requestTimedOut), into: &reply)
    }
    guard !context.client.isPeer else {
      // The broker that asks has taken this one for the controller: it looks for it anew.
      reply.answer(refusal(.notController), to: context.header)
      return .answered
    }
    return member.forwardToController(frame, context, into: &reply, refusal: refusal)
  }

  /// Creates topics that this broker wants itself, or that its clients have named.
  ///
  /// - Parameter completion: called once, from any thread; nil when no controller has answered.
  func createTopics(
    _ request: CreateTopicsRequest, _ member: ClusterMember,
    _ completion: @escaping @Sendable (CreateTopicsResponse?) -> Void
  ) {
    if let controller = member.controller, controller.isActive {
      createTopics(request, isOfBroker: true, on: controller, completion)
    } else {
      member.askController(
        request, version: CreateTopicsRequest.supported.versions.upperBound, completion)
    }
  }

  /// Calls `body` once: when the image that this broker has is one of those that are wanted, or when
  /// that takes too long. From any thread.
  func whenImage(
    _ member: ClusterMember, within milliseconds: Int64,
    _ isWanted: @escaping @Sendable (ClusterImage) -> Bool, _ body: @escaping @Sendable () -> Void
  ) {
    let wait = ImageWait(self, member, isWanted, body)
    wait.start(within: min(milliseconds, Limits.imageWaitMilliseconds))
  }
}

/// One who waits for the cluster to look as wanted.
private final class ImageWait: Sendable {
  private let broker: Broker
  private let member: ClusterMember
  private let isWanted: @Sendable (ClusterImage) -> Bool
  private let body: Mutex<(@Sendable () -> Void)?>
  private let timer = Mutex<Scheduler.Timer?>(nil)
  /// The latest wait for the next image.
  private let wait = Mutex<Int?>(nil)

  init(
    _ broker: Broker, _ member: ClusterMember,
    _ isWanted: @escaping @Sendable (ClusterImage) -> Bool, _ body: @escaping @Sendable () -> Void
  ) {
    self.broker = broker
    self.member = member
    self.isWanted = isWanted
    self.body = Mutex(body)
  }

  func start(within milliseconds: Int64) {
    let scheduler = broker.execution.scheduler
    let timer = scheduler.timer { self.end() }
    self.timer.withLock { $0 = timer }
    scheduler.set(timer, at: scheduler.clock.nowMilliseconds() + milliseconds)
    look()
  }

  private func look() {
    guard body.withLock({ $0 != nil }) else { return }
    // The wait is there before the look, so that no image comes unseen between them.
    let number = member.whenNextImage { self.look() }
    wait.withLock { $0 = max($0 ?? number, number) }
    if body.withLock({ $0 == nil }) { return member.stopWaiting(number) }
    if let image = broker.replicas?.image, isWanted(image) { end() }
  }

  private func end() {
    let body = body.withLock { body in
      defer { body = nil }
      return body
    }
    let timer = timer.withLock { timer in
      defer { timer = nil }
      return timer
    }
    if let timer { broker.execution.scheduler.cancel(timer) }
    if let number = wait.withLock({ $0 }) { member.stopWaiting(number) }
    body?()
  }
}
