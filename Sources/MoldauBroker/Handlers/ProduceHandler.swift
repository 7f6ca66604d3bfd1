import MoldauFormat
import MoldauLog
import MoldauProtocol

extension Broker {
  /// Appends the batches of a request, each partition on its own.
  ///
  /// The appends run here and now: a write to the operating system's memory is no longer than a hop
  /// to another thread. Acknowledgement 1 says that; acknowledgement −1 (all) waits until the
  /// device has the batches, as the topic's durability asks for. A topic that syncs every append has
  /// both wait. In a cluster −1 waits until all in-sync replicas have the batches, each as durable as
  /// the topic asks for.
  func produce(
    _ request: ProduceRequest, _ frame: RawSpan, _ context: RequestContext,
    into reply: inout Reply
  ) throws(RequestFailure) -> Outcome {
    var appends = ProduceAppends(version: context.header.version, acks: request.acks, topics)
    for topic in request.topics {
      appends.begin(topic)
      let hosted = topic.name.isEmpty ? topics.topic(topic.id) : topics.topic(named: topic.name)
      for partition in topic.partitions {
        appends.append(partition, of: topic, hosted, frame)
      }
    }
    if request.acks == 0 {
      if let code = appends.firstError { throw .refusedUnanswered(code) }
      return .unanswered
    }
    if !appends.unsettled.isEmpty {
      let pending = PendingProduce(appends, context, replicas)
      pending.startWaiting()
      if !pending.resume(.woken, into: &reply) {
        let patience = min(max(request.timeoutMilliseconds, 0), Limits.maxWaitMilliseconds)
        return .pending(pending, milliseconds: patience)
      }
    } else {
      if let replicas { appends.response.nameLeaders(replicas, context) }
      reply.answer(appends.response, to: context.header)
    }
    return .answered
  }
}

/// The appends of one produce request and the answer that grows with them.
struct ProduceAppends {
  /// A batch that is written and that is to be safe before the client hears of it.
  struct Unsettled {
    let target: Partition
    let next: Offset
    /// The epoch in which it was appended, when all in-sync replicas are to have it; nil when it is
    /// to be durable here.
    let committedEpoch: Int32?
    /// Where the answer speaks of it.
    let topic: Int
    let partition: Int
  }

  let version: Int16
  let acks: Int16
  private let topics: TopicDirectory
  var response = ProduceResponse()
  private(set) var unsettled: [Unsettled] = []
  private(set) var firstError: ErrorCode?

  init(version: Int16, acks: Int16, _ topics: TopicDirectory) {
    self.version = version
    self.acks = acks
    self.topics = topics
  }

  mutating func begin(_ topic: ProduceRequest.Topic) {
    var answer = ProduceResponse.Topic()
    answer.name = topic.name
    answer.id = topic.id
    answer.partitions.reserveCapacity(topic.partitions.count)
    response.topics.append(answer)
  }

  mutating func append(
    _ partition: ProduceRequest.Partition, of topic: ProduceRequest.Topic, _ hosted: HostedTopic?,
    _ frame: RawSpan
  ) {
    let last = response.topics.count - 1
    var answer = ProduceResponse.Partition()
    answer.index = partition.index
    if let code = refusal(of: topic, hosted) {
      refuse(&answer, code)
    } else if let hosted, let target = hosted.partition(partition.index) {
      append(partition.records, frame, to: target, hosted.topic, &answer)
    } else {
      refuse(&answer, topics.refusal(ofMissing: partition.index, of: topic.name, topic.id, hosted))
    }
    response.topics[last].partitions.append(answer)
  }

  private func refusal(of topic: ProduceRequest.Topic, _ hosted: HostedTopic?) -> ErrorCode? {
    guard (-1...1).contains(acks) else { return .invalidRequiredAcks }
    if hosted?.isInternal == true { return .invalidTopicException }
    guard version <= 12 else { return nil }
    do throws(FormatError) { try TopicName.validate(topic.name) } catch {
      return .invalidTopicException
    }
    return nil
  }

  private mutating func append(
    _ records: Records, _ frame: RawSpan, to partition: Partition, _ topic: Topic,
    _ answer: inout ProduceResponse.Partition
  ) {
    guard case .inFrame(let start, let count) = records, count > 0 else {
      return refuse(&answer, .invalidRecord, "the request holds no batch for the partition")
    }
    let batch = frame.extracting(start..<(start + count))
    let attributes = attributes(of: batch)
    if version < 7, attributes?.codec == .zstd {
      return refuse(
        &answer, .unsupportedCompressionType, "zstd needs version 7 of the request at least")
    }
    if attributes?.isTransactional == true {
      return refuse(
        &answer, .transactionalIDAuthorizationFailed, "transactions are not served here")
    }
    guard let epoch = partition.leadingEpoch else {
      partition.noteRefused(batch)
      return refuse(&answer, partition.refusal(ofEpoch: -1) ?? .notLeaderOrFollower)
    }
    if acks == -1, let replica = partition.replica, replica.isUnderMinISR {
      partition.noteRefused(batch)
      return refuse(&answer, .notEnoughReplicas, "too few replicas are in sync")
    }
    do throws(LogError) {
      let appended = try partition.log.append(batch, leaderEpoch: epoch)
      answer.baseOffset = appended.baseOffset.rawValue
      answer.logAppendTimeMilliseconds = appended.logAppendTimeMilliseconds
      answer.logStartOffset = partition.log.startOffset.rawValue
      let isReplicated = acks == -1 && partition.replica != nil
      guard isReplicated || waits(for: topic) else {
        // Nobody waits for it, and it is to be safe soon all the same.
        if topic.configuration.beginsSyncs {
          partition.log.whenDurable(below: appended.lastOffset.advanced(by: 1)) { _ in }
        }
        return
      }
      let topicIndex = response.topics.count - 1
      unsettled.append(
        Unsettled(
          target: partition, next: appended.lastOffset.advanced(by: 1),
          committedEpoch: isReplicated ? epoch : nil, topic: topicIndex,
          partition: response.topics[topicIndex].partitions.count))
    } catch .closed {
      // The topic has just been deleted.
      refuse(&answer, version >= 13 ? .unknownTopicID : .unknownTopicOrPartition)
    } catch {
      partition.replica?.noteFailedAppend(error)
      if error == .notLeader { partition.noteRefused(batch) }
      refuse(&answer, ErrorCode(error), "\(error)")
    }
  }

  /// Whether the answer waits for the device.
  private func waits(for topic: Topic) -> Bool {
    switch acks {
    case -1: topic.durability.isSynced || topic.configuration.syncsEveryAppend
    case 1: topic.durability == .everyAppend || topic.configuration.syncsEveryAppend
    default: false
    }
  }

  private func attributes(of batch: RawSpan) -> BatchAttributes? {
    do throws(FormatError) {
      return try RecordBatchHeader(parsing: batch).attributes
    } catch {
      // The append says what is wrong with it.
      return nil
    }
  }

  private mutating func refuse(
    _ answer: inout ProduceResponse.Partition, _ code: ErrorCode, _ message: String? = nil
  ) {
    answer.errorCode = code
    answer.errorMessage = message
    answer.baseOffset = -1
    if firstError == nil { firstError = code }
  }
}
