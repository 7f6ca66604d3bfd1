import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Moves the starts of partitions up. When the answer comes the records below are gone for good.
  func deleteRecords(
    _ request: DeleteRecordsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    PendingWork.start(
      context, on: blockingWork, into: &reply,
      refusal: self.deleteRecords(request) { _, _ throws(AdministrationRefusal) in throw .busy }
    ) { [self] in
      deleteRecords(request) { name, asked throws(AdministrationRefusal) in
        try deleteRecords(asked, of: name)
      }
    }
  }

  private func deleteRecords(
    _ request: DeleteRecordsRequest,
    _ delete: (String, DeleteRecordsRequest.Partition) throws(AdministrationRefusal) -> Offset
  ) -> DeleteRecordsResponse {
    var response = DeleteRecordsResponse()
    response.topics = request.topics.map { topic in
      var answer = DeleteRecordsResponse.Topic()
      answer.name = topic.name
      answer.partitions = topic.partitions.map { asked in
        var partition = DeleteRecordsResponse.Partition()
        partition.index = asked.index
        do throws(AdministrationRefusal) {
          partition.lowWatermark = try delete(topic.name, asked).rawValue
        } catch {
          partition.lowWatermark = -1
          partition.errorCode = error.code
        }
        return partition
      }
      return answer
    }
    return response
  }

  /// Returns where the partition begins then.
  private func deleteRecords(
    _ asked: DeleteRecordsRequest.Partition, of name: String
  ) throws(AdministrationRefusal) -> Offset {
    let hosted = topics.topic(named: name)
    guard let topic = hosted, let partition = topic.partition(asked.index) else {
      throw AdministrationRefusal(
        topics.refusal(ofMissing: asked.index, of: name, .zero, hosted),
        "there is no such partition here")
    }
    if let code = partition.refusal(ofEpoch: -1) {
      throw AdministrationRefusal(code, "another broker leads the partition")
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
    guard target > log.startOffset else { return log.startOffset }
    do throws(LogError) {
      try log.deleteRecords(
        before: target, topic.topic.configuration, now: clock.nowMilliseconds())
    } catch {
      throw AdministrationRefusal(error)
    }
    partition.replica?.noteStartMoved()
    return log.startOffset
  }
}
