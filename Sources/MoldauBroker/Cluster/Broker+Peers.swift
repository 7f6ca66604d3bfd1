import MoldauCluster
import MoldauProtocol
import Synchronization

/// What other brokers of the cluster ask (docs/format/inter-broker.md).
extension Broker {
  func answerPeers(
    _ api: ApiKey, _ reader: inout ProtocolReader, _ context: RequestContext,
    into reply: inout Reply
  ) throws(RequestFailure) -> Outcome {
    switch api {
    case .alterPartition: alterPartition(try decode(&reader, context), context, into: &reply)
    case .controlledShutdown:
      controlledShutdown(try decode(&reader, context), context, into: &reply)
    default: fetchClusterImage(try decode(&reader, context), context, into: &reply)
    }
  }

  /// Why this broker does not do for a client what brokers ask; the controller otherwise.
  private func controller(
    for context: RequestContext
  ) throws(ErrorCode) -> ClusterController {
    guard context.client.isPeer else { throw .clusterAuthorizationFailed }
    guard let controller = member?.controller, controller.isActive else { throw .notController }
    return controller
  }

  private func alterPartition(
    _ request: AlterPartitionRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let cell = AnswerCell<AlterPartitionResponse>(context.waker)
    do throws(ErrorCode) {
      let changes = request.changes(member?.image ?? ClusterImage())
      try controller(for: context).alterPartitions(
        changes, from: request.brokerID, brokerEpoch: request.brokerEpoch
      ) { results in
        cell.settle(AlterPartitionResponse(changes, results))
      }
    } catch {
      var response = AlterPartitionResponse()
      response.errorCode = error
      cell.settle(response)
    }
    return PendingAnswer.outcome(of: cell, context, into: &reply)
  }

  private func controlledShutdown(
    _ request: ControlledShutdownRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let cell = AnswerCell<ControlledShutdownResponse>(context.waker)
    do throws(ErrorCode) {
      try controller(for: context).shutDown(
        nodeID: request.brokerID, brokerEpoch: request.brokerEpoch
      ) { result in
        var response = ControlledShutdownResponse()
        switch result {
        case .success(let remaining):
          response.remaining = remaining.map { partition in
            var message = ControlledShutdownResponse.Partition()
            message.topic = partition.topic
            message.index = partition.partition
            return message
          }
        case .failure(let refusal): response.errorCode = refusal.code
        }
        cell.settle(response)
      }
    } catch {
      var response = ControlledShutdownResponse()
      response.errorCode = error
      cell.settle(response)
    }
    return PendingAnswer.outcome(of: cell, context, into: &reply)
  }

  private func fetchClusterImage(
    _ request: FetchClusterImageRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    do throws(ErrorCode) {
      if context.client.isPeer { member?.noteContact(with: request.brokerID) }
      let controller = try controller(for: context)
      if let known = member?.image.brokers[request.brokerID],
        known.brokerEpoch > request.brokerEpoch
      {
        throw .staleBrokerEpoch
      }
      let pending = PendingImage(request, context)
      pending.start(controller)
      if pending.resume(.woken, into: &reply) { return .answered }
      return .pending(pending, milliseconds: max(0, request.maxWaitMilliseconds))
    } catch {
      var response = FetchClusterImageResponse()
      response.errorCode = error
      reply.answer(response, to: context.header)
      return .answered
    }
  }
}

/// A broker that waits for something new in the cluster.
private final class PendingImage: PendingRequest {
  /// What crosses threads.
  private final class Update: Sendable {
    let value = Mutex<ImageUpdate?>(nil)
  }

  private let request: FetchClusterImageRequest
  private let header: RequestHeader
  private let waker: RequestWaker
  private let update = Update()
  private var cancelWait: (() -> Void)?

  init(_ request: FetchClusterImageRequest, _ context: RequestContext) {
    self.request = request
    header = context.header
    waker = context.waker
  }

  func start(_ controller: ClusterController) {
    let wait = controller.image(
      after: position, nodeID: request.brokerID, brokerEpoch: request.brokerEpoch
    ) { [update, waker] found in
      update.value.withLock { $0 = found }
      waker.wake()
    }
    cancelWait = { controller.cancelImageWait(wait) }
  }

  private var position: ImagePosition? {
    guard request.controllerEpoch >= 0 else { return nil }
    return ImagePosition(controllerEpoch: request.controllerEpoch, version: request.version)
  }

  func resume(_ reason: ResumeReason, into reply: inout Reply) -> Bool {
    if let found = update.value.withLock({ $0 }) {
      reply.answer(FetchClusterImageResponse(found), to: header)
      return true
    }
    guard reason != .woken else { return false }
    cancel()
    // Nothing new.
    var response = FetchClusterImageResponse()
    if position == nil { response.errorCode = .requestTimedOut }
    response.isDelta = true
    response.controllerEpoch = request.controllerEpoch
    response.fromVersion = request.version
    response.version = request.version
    reply.answer(response, to: header)
    return true
  }

  func cancel() {
    cancelWait?()
    cancelWait = nil
  }
}
