package import MoldauFormat
import MoldauProtocol

/// Sends the records of one topic in batches to the leaders of its partitions.
///
/// Several batches are on their way at once. What fails for the moment is sent again; an idempotent
/// producer sends it with the sequence it had, so that nothing is written twice. Memory is bounded
/// by the batches that are open and on their way. Blocking; not for two threads at once.
package final class Producer {
  package struct Options: Sendable {
    package var codec = CompressionCodec.none
    /// 0: no answer is waited for; 1: the leader has it; -1: as durable as the topic asks for.
    package var acks: Int16 = -1
    /// A batch is sent when its records have this many bytes.
    package var batchByteCount = 256 << 10
    /// nil: when the broker offers it and `acks` is -1.
    package var isIdempotent: Bool?
    package var allowsAutoTopicCreation = true
    /// Where records without a key go first; they move on with every batch.
    package var firstPartition = 0

    package init() {}
  }

  /// What a partition has got.
  package struct Written: Equatable, Sendable {
    package var recordCount = 0
    package var batchCount = 0
    /// Of the batches, compressed.
    package var byteCount = 0
    /// The offset of the first and behind the last record; nil when the broker does not say.
    package var firstOffset: Offset?
    package var nextOffset: Offset?
  }

  /// The batch that a partition's next records go to.
  private final class OpenBatch {
    var builder: BatchBuilder

    init(_ options: Options) {
      builder = BatchBuilder(codec: options.codec, initialCapacity: 16 << 10)
    }
  }

  /// A batch that is finished and not acknowledged.
  private struct Batch {
    let partition: Int
    let bytes: [UInt8]
    let recordCount: Int
  }

  private typealias Flight = (
    batch: Batch, leader: KafkaConnection, answer: KafkaConnection.Pending<ProduceRequest>
  )

  package let topic: String
  private let cluster: Cluster
  private let options: Options
  package private(set) var identity: ProducerIdentity?
  private var open: [OpenBatch] = []
  private var nextSequences: [Int32] = []
  /// In the order in which they were sent.
  private var flights: [Flight] = []
  private var unkeyedPartition: Int
  /// What was acknowledged, or with acks 0 sent, by partition.
  package private(set) var written: [Written] = []

  /// Asks for the topic's partitions, and for a producer id if it is to be idempotent.
  package init(
    _ cluster: Cluster, topic: String, _ options: Options = Options()
  ) throws(ClientError) {
    self.cluster = cluster
    self.topic = topic
    self.options = options
    let partitionCount = try cluster.partitions(
      of: topic, allowsAutoTopicCreation: options.allowsAutoTopicCreation
    ).count
    unkeyedPartition = options.firstPartition % max(partitionCount, 1)
    for _ in 0..<partitionCount {
      open.append(OpenBatch(options))
      nextSequences.append(0)
      written.append(Written())
    }
    let isOffered = try cluster.anyBroker().offers(.initProducerID)
    if options.isIdempotent ?? (options.acks == -1 && isOffered) {
      identity = try cluster.retrying { () throws(ClientError) in
        try cluster.anyBroker().newProducer()
      }
    }
  }

  package var partitionCount: Int { open.count }

  // MARK: Records

  /// Adds a record to the batch of its partition, and sends that when it is full.
  ///
  /// - Parameter partition: nil: by the key's hash; without a key, one after the other.
  /// - Precondition: the partition is one of the topic's.
  package func append(
    key: [UInt8]?, value: [UInt8]?, timestampMilliseconds: Int64, headers: [RecordHeader] = [],
    partition: Int? = nil
  ) throws(ClientError) {
    let chosen = partition ?? self.partition(of: key)
    precondition(open.indices.contains(chosen), "the caller checks the partition")
    open[chosen].builder.append(
      key: key?.span, value: value?.span, timestampMilliseconds: timestampMilliseconds,
      headers: headers)
    if open[chosen].builder.byteCount >= options.batchByteCount {
      try send(chosen)
      if key == nil, partition == nil {
        unkeyedPartition = (unkeyedPartition + 1) % partitionCount
      }
    }
  }

  private func partition(of key: [UInt8]?) -> Int {
    guard let key else { return unkeyedPartition }
    // SAFETY: bytes have no padding between them.
    return unsafe KeyPartitioner.partition(of: key.span.bytes, partitionCount: partitionCount)
  }

  /// Sends all records, and waits until they are acknowledged.
  package func flush() throws(ClientError) {
    try sendOpen()
    while !flights.isEmpty { try receiveOldest() }
  }

  /// Sends all records without waiting.
  package func sendOpen() throws(ClientError) {
    for partition in open.indices where open[partition].builder.recordCount > 0 {
      try send(partition)
    }
  }

  // MARK: Batches

  private func send(_ partition: Int) throws(ClientError) {
    let batch = try finish(partition)
    guard options.acks != 0 else { return try sendUnanswered(batch) }
    while flights.count >= Limits.inFlightBatchCount { try receiveOldest() }
    do throws(ClientError) {
      try launch(batch)
    } catch {
      try resend(batch, after: error)
    }
  }

  private func finish(_ partition: Int) throws(ClientError) -> Batch {
    let open = open[partition]
    let recordCount = open.builder.recordCount
    do throws(FormatError) {
      try open.builder.finish(producer: identity, baseSequence: nextSequences[partition])
    } catch {
      let name = TopicPartition(topic: topic, partition: Int32(partition))
      throw try cluster.anyBroker().error(.damagedBatch(name, error))
    }
    // Sequences go on from 0 after the greatest.
    nextSequences[partition] = (nextSequences[partition] &+ Int32(recordCount)) & Int32.max
    // SAFETY: the array copies the bytes while they are borrowed.
    let bytes = unsafe open.builder.bytes.withUnsafeBytes { unsafe [UInt8]($0) }
    open.builder.reset()
    return Batch(partition: partition, bytes: bytes, recordCount: recordCount)
  }

  private func name(of batch: Batch) -> TopicPartition {
    TopicPartition(topic: topic, partition: Int32(batch.partition))
  }

  private func launch(_ batch: Batch) throws(ClientError) {
    let partition = name(of: batch)
    let leader = try cluster.leader(of: partition)
    // SAFETY: bytes have no padding between them.
    let answer = try unsafe leader.sendProduce(
      batch.bytes.span.bytes, to: partition, acks: options.acks)
    flights.append((batch, leader, answer))
  }

  private func sendUnanswered(_ batch: Batch) throws(ClientError) {
    let partition = name(of: batch)
    // SAFETY: bytes have no padding between them.
    try unsafe cluster.leader(of: partition).produceUnanswered(
      batch.bytes.span.bytes, to: partition)
    note(batch, nil)
  }

  private func receiveOldest() throws(ClientError) {
    let flight = flights.removeFirst()
    do throws(ClientError) {
      note(flight.batch, try receive(flight))
    } catch {
      try resend(flight.batch, after: error)
    }
  }

  /// Returns where a batch begins; nil when the broker had it already and no longer knows.
  private func receive(_ flight: Flight) throws(ClientError) -> Offset? {
    do throws(ClientError) {
      let appended = try flight.leader.receive(flight.answer, of: name(of: flight.batch))
      return appended.baseOffset.rawValue < 0 ? nil : appended.baseOffset
    } catch {
      if error.refusalCode == .duplicateSequenceNumber { return nil }
      throw error
    }
  }

  private func note(_ batch: Batch, _ offset: Offset?) {
    written[batch.partition].recordCount += batch.recordCount
    written[batch.partition].batchCount += 1
    written[batch.partition].byteCount += batch.bytes.count
    guard let offset else { return }
    let first = written[batch.partition].firstOffset
    written[batch.partition].firstOffset = first ?? offset
    written[batch.partition].nextOffset = Offset(
      rawValue: offset.rawValue + Int64(batch.recordCount))
  }

  // MARK: Trying again

  /// Sends a batch that failed, and all that were sent behind it and failed too, one by one and
  /// in their order.
  private func resend(_ failed: Batch, after error: ClientError) throws(ClientError) {
    guard mayResend(after: error) else { throw error }
    var batches = [failed]
    for flight in flights {
      do throws(ClientError) {
        guard flight.leader.isUsable else {
          batches.append(flight.batch)
          continue
        }
        note(flight.batch, try receive(flight))
      } catch {
        // Behind a gap the broker refuses what follows, until the gap is filled.
        guard mayResend(after: error) || error.refusalCode == .outOfOrderSequenceNumber else {
          throw error
        }
        batches.append(flight.batch)
      }
    }
    flights = []
    for batch in batches { try sendAlone(batch) }
  }

  private func mayResend(after error: ClientError) -> Bool {
    if case .timedOut = error.reason { return identity != nil }
    return error.isRetriable
  }

  private func sendAlone(_ batch: Batch) throws(ClientError) {
    var attempt = 1
    while true {
      cluster.pause(beforeAttempt: attempt)
      do throws(ClientError) {
        try launch(batch)
        let flight = flights.removeLast()
        return note(batch, try receive(flight))
      } catch {
        flights = []
        attempt += 1
        // A broker that was restarted may not listen yet.
        let isAbsent = if case .unreachable = error.reason { true } else { false }
        guard attempt < Limits.attemptCount, mayResend(after: error) || isAbsent else {
          throw error
        }
      }
    }
  }
}
