import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Finds offsets by time. The ends of a log are known; a search may read from the disk, so it goes
  /// to the blocking thread.
  func listOffsets(
    _ request: ListOffsetsRequest, _ context: RequestContext, into reply: inout Reply
  ) -> Outcome {
    let searches = request.topics.contains { topic in
      topic.partitions.contains { needsSearch($0.timestampMilliseconds) }
    }
    guard searches else {
      reply.answer(offsets(request, context, mayBlock: false), to: context.header)
      return .answered
    }
    return PendingWork.start(
      context, on: blockingWork, into: &reply,
      refusal: self.offsets(request, context, mayBlock: false)
    ) { [self] in
      offsets(request, context, mayBlock: true)
    }
  }

  private func needsSearch(_ timestampMilliseconds: Int64) -> Bool {
    timestampMilliseconds >= 0
      || timestampMilliseconds == ListOffsetsRequest.Position.maxTimestamp
  }

  private func offsets(
    _ request: ListOffsetsRequest, _ context: RequestContext, mayBlock: Bool
  ) -> ListOffsetsResponse {
    var response = ListOffsetsResponse()
    response.topics = request.topics.map { asked in
      let hosted = topics.topic(named: asked.name)
      var topic = ListOffsetsResponse.Topic()
      topic.name = asked.name
      topic.partitions = asked.partitions.map { wanted in
        var answer = ListOffsetsResponse.Partition()
        answer.index = wanted.index
        if let partition = hosted?.partition(wanted.index) {
          let isCommitted = request.isolationLevel == 1
          answer.errorCode = find(
            wanted, in: partition, isCommitted: isCommitted, mayBlock: mayBlock,
            version: context.header.version, &answer)
          // Version 0 asks for the end of what is older than the time; if all is, the log's end.
          if context.header.version == 0, wanted.timestampMilliseconds >= 0,
            answer.errorCode == .none, answer.offset < 0
          {
            answer.offset = partition.highWatermark.rawValue
          }
        } else {
          answer.errorCode = topics.refusal(
            ofMissing: wanted.index, of: asked.name, .zero, hosted)
        }
        return answer
      }
      return topic
    }
    return response
  }

  /// Puts the offset that is `wanted` into `answer`; returns what is wrong.
  private func find(
    _ wanted: ListOffsetsRequest.Partition, in partition: Partition, isCommitted: Bool,
    mayBlock: Bool, version: Int16, _ answer: inout ListOffsetsResponse.Partition
  ) -> ErrorCode {
    if let code = partition.refusal(ofEpoch: wanted.currentLeaderEpoch) { return code }
    let log = partition.log
    let watermark = partition.highWatermark
    let end = isCommitted ? min(log.lastStableOffset, watermark) : watermark
    let time = wanted.timestampMilliseconds
    // A new leader may not know yet of all that was committed before it: its end would be seen to
    // fall.
    if let start = partition.replica?.leaderState?.epochStart, watermark < start,
      time == ListOffsetsRequest.Position.latest || needsSearch(time)
    {
      return version >= 5 ? .offsetNotAvailable : .leaderNotAvailable
    }
    var found: Offset?
    switch time {
    case ListOffsetsRequest.Position.latest:
      found = end
    case ListOffsetsRequest.Position.earliest, ListOffsetsRequest.Position.earliestLocal:
      found = log.startOffset
    case ListOffsetsRequest.Position.latestTiered:
      // Nothing is kept elsewhere.
      break
    case _ where needsSearch(time):
      guard mayBlock else { return .requestTimedOut }
      do throws(LogError) {
        let record =
          time >= 0
          ? try log.firstOffset(atOrAfter: time) : try log.latestTimestampOffset()
        guard let record, record.offset < end else { break }
        found = record.offset
        answer.timestampMilliseconds = record.timestampMilliseconds
      } catch {
        return ErrorCode(error)
      }
    default:
      return .unsupportedVersion
    }
    if let found {
      answer.offset = found.rawValue
      answer.leaderEpoch = partition.leaderEpoch
    }
    return .none
  }
}
