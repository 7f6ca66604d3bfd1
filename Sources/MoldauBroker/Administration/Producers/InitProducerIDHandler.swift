import MoldauLog
import MoldauProtocol

extension Broker {
  /// Gives an idempotent producer an id of its own, or the next epoch of the one it has (KIP-360).
  ///
  /// In a cluster it is always an id of its own, since another broker may have given out the one that
  /// it has; as in Kafka.
  ///
  /// Transactions are not served. A producer that wants them is told that it may not use its
  /// transactional id: of all errors the one at which every client gives up at once.
  func initProducerID(
    _ request: InitProducerIDRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    var response = InitProducerIDResponse()
    guard request.transactionalID == nil else {
      response.errorCode =
        request.transactionalID == "" ? .invalidRequest : .transactionalIDAuthorizationFailed
      logger.info("\(context.client.address): transactions are not served")
      reply.answer(response, to: context.header)
      return .answered
    }
    if let member {
      let cell = AnswerCell<InitProducerIDResponse>(context.waker)
      clusterProducerIDs.next(member) { [logger] result in
        switch result {
        case .success(let producer): cell.settle(Self.answer(producer))
        case .failure(let refusal):
          logger.error("no producer id can be given out: \(refusal.message ?? "")")
          cell.settle(Self.unavailable)
        }
      }
      return PendingAnswer.outcome(of: cell, context, farewell: Self.unavailable, into: &reply)
    }
    if let producer = producerIDs.next(request.producerID, request.producerEpoch) {
      reply.answer(Self.answer(producer), to: context.header)
      return .answered
    }
    return PendingWork.start(
      context, on: blockingWork, into: &reply, refusal: Self.unavailable
    ) { [self] in
      do throws(LogError) {
        return Self.answer(try producerIDs.reserve(request.producerID, request.producerEpoch))
      } catch {
        logger.error("no producer id can be given out: \(error)")
        return Self.unavailable
      }
    }
  }

  /// At which clients try again.
  private static var unavailable: InitProducerIDResponse {
    var response = InitProducerIDResponse()
    response.errorCode = .coordinatorNotAvailable
    return response
  }

  private static func answer(_ producer: ProducerIDs.Producer) -> InitProducerIDResponse {
    var response = InitProducerIDResponse()
    response.producerID = producer.id
    response.producerEpoch = producer.epoch
    return response
  }
}
