import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Moves the starts of partitions up. When the answer comes the records below are gone for good
  /// here, and no other in-sync replica shows them.
  func deleteRecords(
    _ request: DeleteRecordsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let pending = PendingDeletion(request, context, execution.scheduler)
    let progress = pending.progress
    let isTaken = blockingWork.add {
      [self] in
      for (place, topic) in request.topics.enumerated() {
        for (number, asked) in topic.partitions.enumerated() {
          do throws(AdministrationRefusal) {
            try deleteRecords(asked, of: topic.name) { progress.settle(place, number, $0) }
          } catch {
            progress.settle(place, number, .failure(error))
          }
        }
      }
      progress.wait(milliseconds: request.timeoutMilliseconds)
    } refusal: {
      progress.refuse(.busy)
    }
    if !isTaken { progress.refuse(.busy) }
    return pending.resume(.woken, into: &reply) ? .answered : .pending(pending, milliseconds: nil)
  }

  /// - Parameter settle: called once unless it throws, when no live in-sync replica has the records
  ///   any more, with where the first of them begins, or why that cannot be said.
  private func deleteRecords(
    _ asked: DeleteRecordsRequest.Partition, of name: String,
    _ settle: @escaping @Sendable (Result<Offset, AdministrationRefusal>) -> Void
  ) throws(AdministrationRefusal) {
    let hosted = topics.topic(named: name)
    guard let topic = hosted, let partition = topic.partition(asked.index) else {
      throw AdministrationRefusal(
        topics.refusal(ofMissing: asked.index, of: name, .zero, hosted),
        "there is no such partition here")
    }
    guard let epoch = partition.leadingEpoch else {
      throw AdministrationRefusal(
        partition.refusal(ofEpoch: -1) ?? .notLeaderOrFollower,
        "another broker leads the partition")
    }
    guard !topic.isInternal else {
      throw AdministrationRefusal(.invalidTopicException, "the topic is the broker's own")
    }
    guard topic.topic.configuration.cleanupPolicy.deletes else {
      throw AdministrationRefusal(.policyViolation, "the topic is compacted, not deleted from")
    }
    let log = partition.log
    let end = partition.highWatermark
    let target = asked.offset == -1 ? end : Offset(rawValue: asked.offset)
    guard asked.offset >= -1, target <= end else {
      throw AdministrationRefusal(.offsetOutOfRange, "the partition ends at \(end)")
    }
    // What is gone already is no error.
    if target > log.startOffset {
      do throws(LogError) {
        try log.deleteRecords(
          before: target, topic.topic.configuration, now: clock.nowMilliseconds())
      } catch {
        throw AdministrationRefusal(error)
      }
    }
    guard let replica = partition.replica else { return settle(.success(log.startOffset)) }
    replica.noteStartMoved()
    replica.whenDeleted(before: target, inEpoch: epoch) { low in
      settle(
        low.map { .success($0) }
          ?? .failure(
            AdministrationRefusal(.notLeaderOrFollower, "deleted, but another broker leads now")))
    }
  }
}
