package import MoldauFormat
package import MoldauProtocol

extension KafkaConnection {
  /// How much to fetch and how long to wait for it.
  package struct FetchOptions: Sendable {
    package var maxWaitMilliseconds: Int32 = 500
    package var minBytes: Int32 = 1
    package var maxBytes: Int32 = 1024 * 1024
    package var isolation = Isolation.readUncommitted

    package init() {}
  }

  /// What a fetch says about a partition, beside the records.
  package struct Fetched: Equatable, Sendable {
    /// Where to go on: behind the last record seen.
    package var nextOffset: Offset
    package var highWatermark: Offset
    package var logStartOffset: Offset
    /// The bytes of the batches that came.
    package var byteCount: Int
    /// Why no records came of this partition, when that is so.
    package var errorCode = ErrorCode.none
  }

  /// Calls `body` with the records of `partition` from `offset` on, until it returns false.
  ///
  /// Returns without a record when none came within `maxWaitMilliseconds`.
  ///
  /// - Precondition: no other request is on its way; `body` does not use the connection.
  package func fetch(
    _ partition: TopicPartition, from offset: Offset, _ options: FetchOptions = FetchOptions(),
    _ body: (borrowing RecordView) -> Bool
  ) throws(ClientError) -> Fetched {
    try receive(sendFetch(partition, from: offset, options), of: partition, from: offset, body)
  }

  /// Sends a fetch without waiting; `receive(_:of:from:_:)` waits.
  package func sendFetch(
    _ partition: TopicPartition, from offset: Offset, _ options: FetchOptions = FetchOptions()
  ) throws(ClientError) -> Pending<FetchRequest> {
    try sendFetch([(partition, offset)], options)
  }

  /// Waits for a fetch of one partition, and calls `body` with its records until it returns false.
  package func receive(
    _ pending: Pending<FetchRequest>, of partition: TopicPartition, from offset: Offset,
    _ body: (borrowing RecordView) -> Bool
  ) throws(ClientError) -> Fetched {
    let fetched = try receive(pending, of: [(partition, offset)]) { _, record in body(record) }
    guard let found = fetched[partition] else {
      throw error(.missing(what: "the records of \(partition)"))
    }
    guard found.errorCode == .none else {
      throw error(
        .refused(
          what: "records of \(partition) from offset \(offset)", found.errorCode,
          explanation: nil))
    }
    return found
  }

  /// Sends a fetch of several partitions that this broker leads, each from an offset on.
  package func sendFetch(
    _ positions: [(partition: TopicPartition, offset: Offset)], _ options: FetchOptions
  ) throws(ClientError) -> Pending<FetchRequest> {
    var request = FetchRequest()
    request.maxWaitMilliseconds = options.maxWaitMilliseconds
    request.minBytes = options.minBytes
    request.maxBytes = options.maxBytes
    request.isolationLevel = options.isolation.rawValue
    for (partition, offset) in positions {
      var wanted = FetchRequest.Partition()
      wanted.index = partition.partition
      wanted.fetchOffset = offset.rawValue
      wanted.maxBytes = options.maxBytes
      if let index = request.topics.firstIndex(where: { $0.name == partition.topic }) {
        request.topics[index].partitions.append(wanted)
      } else {
        var topic = FetchRequest.Topic()
        topic.name = partition.topic
        topic.id = try id(of: partition.topic, for: .fetch)
        topic.partitions = [wanted]
        request.topics.append(topic)
      }
    }
    return try send(request, waitMilliseconds: options.maxWaitMilliseconds)
  }

  /// Waits for a fetch, and calls `body` with its records until it returns false.
  ///
  /// A partition of which the broker has an error to tell comes with its code and without records.
  /// A partition of which the broker says nothing has no entry, and neither have those that follow
  /// where `body` has returned false.
  package func receive(
    _ pending: Pending<FetchRequest>,
    of positions: [(partition: TopicPartition, offset: Offset)],
    _ body: (TopicPartition, borrowing RecordView) -> Bool
  ) throws(ClientError) -> [TopicPartition: Fetched] {
    try receive(pending) { (response, frame) throws(ClientError) in
      guard response.errorCode == .none else {
        throw error(.refused(what: "Fetch", response.errorCode, explanation: nil))
      }
      var fetched: [TopicPartition: Fetched] = [:]
      for topic in response.topics {
        let name = topic.name.isEmpty ? topicIDs.first { $0.value == topic.id }?.key : topic.name
        for data in topic.partitions {
          let position = positions.first {
            $0.partition.partition == data.index && (name == nil || $0.partition.topic == name)
          }
          guard let position else { continue }
          var hasStopped = false
          fetched[position.partition] = try read(data, frame, position.partition, position.offset) {
            record in
            hasStopped = !body(position.partition, record)
            return !hasStopped
          }
          if hasStopped { return fetched }
        }
      }
      return fetched
    }
  }

  private func read(
    _ data: FetchResponse.Partition, _ frame: RawSpan, _ partition: TopicPartition,
    _ offset: Offset, _ body: (borrowing RecordView) -> Bool
  ) throws(ClientError) -> Fetched {
    var fetched = Fetched(
      nextOffset: offset, highWatermark: Offset(rawValue: data.highWatermark),
      logStartOffset: Offset(rawValue: data.logStartOffset), byteCount: data.records.count,
      errorCode: data.errorCode)
    guard data.errorCode == .none, case .inFrame(let start, let count) = data.records else {
      return fetched
    }
    let aborted = (data.abortedTransactions ?? []).map {
      AbortedRange(producerID: $0.producerID, firstOffset: $0.firstOffset)
    }
    let batches = frame.extracting(start..<(start + count))
    do throws(FormatError) {
      fetched.nextOffset = try recordScanner.forEachRecord(
        in: batches, from: offset, aborted: aborted, body)
    } catch {
      throw self.error(.damagedBatch(partition, error))
    }
    return fetched
  }
}
