package import MoldauFormat
package import MoldauProtocol

extension KafkaConnection {
  // MARK: Metadata

  /// Asks for the brokers and for `topics`; nil asks for all topics.
  package func metadata(
    topics: [String]?, allowsAutoTopicCreation: Bool = false
  ) throws(ClientError) -> MetadataResponse {
    var request = MetadataRequest()
    request.topics = topics?.map { name in
      var topic = MetadataRequest.Topic()
      topic.name = name
      return topic
    }
    request.allowsAutoTopicCreation = allowsAutoTopicCreation
    let response = try call(request)
    guard response.errorCode == .none else {
      throw error(.refused(what: "Metadata", response.errorCode, explanation: nil))
    }
    for topic in response.topics where topic.errorCode == .none {
      if let name = topic.name { topicIDs[name] = topic.id }
    }
    return response
  }

  /// Returns the partitions of `topic`, by ascending index, once each has a leader.
  ///
  /// A topic that the broker has just created needs a moment: asks again until then, at most
  /// `Limits.metadataAttemptCount` times.
  package func partitions(
    of topic: String, allowsAutoTopicCreation: Bool = true
  ) throws(ClientError) -> [MetadataResponse.Partition] {
    var code = ErrorCode.leaderNotAvailable
    for attempt in 0..<Limits.metadataAttemptCount {
      if attempt > 0 { SystemSocket.pause(milliseconds: Limits.metadataPauseMilliseconds) }
      let response = try metadata(
        topics: [topic], allowsAutoTopicCreation: allowsAutoTopicCreation)
      guard let found = response.topics.first(where: { $0.name == topic }) else {
        throw error(.missing(what: "the topic \(topic)"))
      }
      let codes = [found.errorCode] + found.partitions.map(\.errorCode)
      guard let wrong = codes.first(where: { $0 != .none }) else {
        return found.partitions.sorted { $0.index < $1.index }
      }
      code = wrong
      let isComing = code == .unknownTopicOrPartition && allowsAutoTopicCreation
      guard isComing || code == .leaderNotAvailable else { break }
    }
    throw error(.refused(what: "the topic \(topic)", code, explanation: nil))
  }

  /// Returns where the leader of `partition` is reached.
  package func leader(of partition: TopicPartition) throws(ClientError) -> Endpoint {
    let response = try metadata(topics: [partition.topic])
    let topic = response.topics.first { $0.name == partition.topic }
    if let code = topic?.errorCode, code != .none {
      throw error(.refused(what: "the topic \(partition.topic)", code, explanation: nil))
    }
    let found = topic?.partitions.first { $0.index == partition.partition }
    guard let found, let broker = response.brokers.first(where: { $0.nodeID == found.leaderID }),
      let port = UInt16(exactly: broker.port)
    else { throw error(.missing(what: "a leader of \(partition)")) }
    return Endpoint(host: broker.host, port: port)
  }

  /// Returns the topic's id for a request that names topics by id only; asks once when unknown.
  func id(of topic: String, for api: ApiKey) throws(ClientError) -> TopicID {
    guard try version(of: api) >= 13 else { return .zero }
    if let id = topicIDs[topic] { return id }
    let response = try metadata(topics: [topic])
    if let id = topicIDs[topic] { return id }
    let code = response.topics.first?.errorCode ?? .unknownTopicOrPartition
    throw error(.refused(what: "the topic \(topic)", code, explanation: nil))
  }

  // MARK: Produce

  /// What a broker says about a batch that it has appended.
  package struct Appended: Equatable, Sendable {
    package let baseOffset: Offset
    /// nil when the records bear the producer's timestamps.
    package let logAppendTimeMilliseconds: Int64?
  }

  /// Appends a batch and waits until the broker has acknowledged it.
  ///
  /// - Parameter acks: 1: the leader has it; -1: as durable as the topic asks for.
  /// - Precondition: no other request is on its way.
  package func produce(
    _ batch: RawSpan, to partition: TopicPartition, acks: Int16 = -1
  ) throws(ClientError) -> Appended {
    try receive(sendProduce(batch, to: partition, acks: acks), of: partition)
  }

  /// Sends a batch without waiting; `receive(_:of:)` waits.
  ///
  /// - Precondition: `acks` is not 0, and the first use of a topic has no request on its way.
  package func sendProduce(
    _ batch: RawSpan, to partition: TopicPartition, acks: Int16 = -1
  ) throws(ClientError) -> Pending<ProduceRequest> {
    precondition(acks != 0, "a request with acks 0 has no answer: produceUnanswered")
    return try send(produceRequest(batch.byteCount, partition, acks), slice: batch)
  }

  /// Sends a batch of which the broker says nothing at all (acks 0).
  package func produceUnanswered(
    _ batch: RawSpan, to partition: TopicPartition
  ) throws(ClientError) {
    try sendUnanswered(produceRequest(batch.byteCount, partition, 0), slice: batch)
  }

  /// Waits for what the broker says about a batch.
  package func receive(
    _ pending: Pending<ProduceRequest>, of partition: TopicPartition
  ) throws(ClientError) -> Appended {
    let response = try receive(pending)
    guard let result = response.topics.first?.partitions.first,
      result.index == partition.partition
    else { throw error(.missing(what: "the result of \(partition)")) }
    guard result.errorCode == .none else {
      throw error(
        .refused(
          what: "a batch for \(partition)", result.errorCode, explanation: result.errorMessage))
    }
    let time = result.logAppendTimeMilliseconds
    return Appended(
      baseOffset: Offset(rawValue: result.baseOffset),
      logAppendTimeMilliseconds: time < 0 ? nil : time)
  }

  private func produceRequest(
    _ byteCount: Int, _ partition: TopicPartition, _ acks: Int16
  ) throws(ClientError) -> ProduceRequest {
    var data = ProduceRequest.Partition()
    data.index = partition.partition
    data.records = .outOfBand(slice: 0, count: byteCount)
    var topic = ProduceRequest.Topic()
    topic.name = partition.topic
    topic.id = try id(of: partition.topic, for: .produce)
    topic.partitions = [data]
    var request = ProduceRequest()
    request.acks = acks
    request.timeoutMilliseconds = options.timeoutMilliseconds
    request.topics = [topic]
    return request
  }

  // MARK: Offsets

  /// Returns the offset of the first record of `partition` at or after a time, or at one of
  /// `ListOffsetsRequest.Position`; nil when there is no such record.
  package func offset(
    of partition: TopicPartition, at timestampMilliseconds: Int64
  ) throws(ClientError) -> (offset: Offset, timestampMilliseconds: Int64)? {
    var wanted = ListOffsetsRequest.Partition()
    wanted.index = partition.partition
    wanted.timestampMilliseconds = timestampMilliseconds
    var topic = ListOffsetsRequest.Topic()
    topic.name = partition.topic
    topic.partitions = [wanted]
    var request = ListOffsetsRequest()
    request.topics = [topic]
    guard let found = try call(request).topics.first?.partitions.first,
      found.index == partition.partition
    else { throw error(.missing(what: "the offset of \(partition)")) }
    guard found.errorCode == .none else {
      throw error(.refused(what: "an offset of \(partition)", found.errorCode, explanation: nil))
    }
    guard found.offset >= 0 else { return nil }
    return (Offset(rawValue: found.offset), found.timestampMilliseconds)
  }
}
