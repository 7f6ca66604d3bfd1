import MoldauClient
import MoldauFormat
import MoldauProtocol

/// A client that appends numbered records, one batch on its way to each partition, and tries again
/// until it knows what has become of it.
final class Producer {
  /// A batch that is to be appended.
  private struct Attempt {
    var incarnation: Incarnation
    var records: [RecordNumber]
    var bytes: [UInt8]
    var sequence: Int32
    var tries = 0
    /// Whether a try may have been carried out of which nothing was heard.
    var isInDoubt = false
  }

  let index: Int
  private let client: Client
  private let map: Cartographer
  private let history: History
  private let partitions: [TopicPartition]
  private let acks: Int16
  private let isIdempotent: Bool
  private var identity: ProducerIdentity?
  private var isAsking = false
  /// Who it was when it last gave up.
  private var formerIdentity: ProducerIdentity?
  private var sequences: [Incarnation: Int32] = [:]
  private var current: [TopicPartition: Attempt] = [:]
  private var lastRecord: UInt32 = 0
  /// Whether no new records come.
  var isStopped = false
  private(set) var acknowledgedCount = 0
  /// How long it rests between two batches, in microseconds.
  var pause: ClosedRange<Int64> = 2_000...40_000
  /// At one of so many batches it gives up what is on its way; nil for never.
  var giveUpOneIn: Int?

  init(
    _ client: Client, index: Int, topics: [String], partitions: [TopicPartition],
    history: History, acks: Int16 = -1, isIdempotent: Bool = true
  ) {
    self.client = client
    self.index = index
    self.partitions = partitions
    self.history = history
    self.acks = acks
    self.isIdempotent = isIdempotent && acks == -1
    map = Cartographer(client, topics: topics)
  }

  private var world: World { client.world }

  /// Whether nothing is on its way.
  var isIdle: Bool { current.isEmpty }

  func start() {
    map.refresh()
    tick()
  }

  private func tick() {
    world.after(world.number(pause)) { [weak self] in
      guard let self, !isStopped else { return }
      produce()
      tick()
    }
  }

  private func produce() {
    if isIdempotent, identity == nil { return askForIdentity() }
    if isIdempotent, let giveUpOneIn, world.oneIn(giveUpOneIn) { return giveUp() }
    let partition = world.pick(partitions)
    guard current[partition] == nil else { return }
    guard let id = map.topicIDs[partition.topic] else { return map.refresh() }
    let incarnation = Incarnation(partition: partition, topicID: id)
    let count = world.oneIn(4) ? Int(world.number(2...4)) : 1
    let records = (0..<count).map { _ in nextRecord() }
    let sequence = sequences[incarnation] ?? 0
    sequences[incarnation] = sequence + Int32(count)
    current[partition] = Attempt(
      incarnation: incarnation, records: records, bytes: batch(records, sequence),
      sequence: sequence)
    history.began(records, incarnation, acks: acks)
    send(partition)
  }

  private func nextRecord() -> RecordNumber {
    lastRecord += 1
    return RecordNumber(producer: UInt32(index), number: lastRecord)
  }

  private func batch(_ records: [RecordNumber], _ sequence: Int32) -> [UInt8] {
    var builder = BatchBuilder(initialCapacity: 256)
    for record in records {
      builder.append(value: record.bytes.span, timestampMilliseconds: 1_700_000_000_000)
    }
    do throws(FormatError) {
      try builder.finish(producer: identity, baseSequence: isIdempotent ? sequence : -1)
    } catch {
      preconditionFailure("a batch without a codec can be made: \(error)")
    }
    // SAFETY: the array copies the builder's bytes.
    return unsafe builder.bytes.withUnsafeBytes { unsafe [UInt8]($0) }
  }

  // MARK: Sending

  private func send(_ partition: TopicPartition) {
    guard let attempt = current[partition] else { return }
    if let id = map.topicIDs[partition.topic], id != attempt.incarnation.topicID {
      // The topic is gone. What was for it is not for the next of its name.
      history.abandoned(attempt.records, attempt.incarnation)
      current[partition] = nil
      return
    }
    guard let leader = map.leader(of: partition) else {
      map.refresh()
      return again(partition)
    }
    client.call(leader, request(attempt)) { [weak self] result in
      self?.take(result.map { $0.answer.topics.first?.partitions.first }, attempt)
    }
  }

  private func request(_ attempt: Attempt) -> ProduceRequest {
    var data = ProduceRequest.Partition()
    data.index = attempt.incarnation.partition.partition
    data.records = .bytes(attempt.bytes)
    var topic = ProduceRequest.Topic()
    topic.name = attempt.incarnation.partition.topic
    topic.id = attempt.incarnation.topicID
    topic.partitions = [data]
    var request = ProduceRequest()
    request.acks = acks
    request.timeoutMilliseconds = 1_500
    request.topics = [topic]
    return request
  }

  private func again(_ partition: TopicPartition) {
    current[partition]?.tries += 1
    world.after(world.number(5_000...100_000)) { [weak self] in self?.send(partition) }
  }

  private func take(
    _ result: Result<ProduceResponse.Partition?, CallFailure>, _ sent: Attempt
  ) {
    let partition = sent.incarnation.partition
    guard let attempt = current[partition], attempt.records == sent.records else { return }
    guard case .success(let answer?) = result else {
      map.refresh()
      return failed(partition, isInDoubt: true)
    }
    switch answer.errorCode {
    case .none:
      acknowledgedCount += attempt.records.count
      history.acknowledged(
        attempt.records, attempt.incarnation, at: Offset(rawValue: answer.baseOffset), acks: acks)
      current[partition] = nil
    case .duplicateSequenceNumber:
      acknowledgedCount += attempt.records.count
      history.acknowledged(attempt.records, attempt.incarnation, at: nil, acks: acks)
      current[partition] = nil
    case .notLeaderOrFollower, .fencedLeaderEpoch, .unknownTopicOrPartition, .unknownTopicID,
      .unknownLeaderEpoch, .leaderNotAvailable, .inconsistentTopicID:
      map.refresh()
      failed(partition, isInDoubt: false)
    case .notEnoughReplicas, .kafkaStorageError:
      failed(partition, isInDoubt: false)
    case .requestTimedOut, .notEnoughReplicasAfterAppend, .networkException:
      failed(partition, isInDoubt: true)
    case .outOfOrderSequenceNumber, .unknownProducerID, .invalidProducerEpoch:
      world.note("producer \(index): \(partition) \(answer.errorCode)")
      giveUp()
    default:
      history.fail("producer \(index) gets \(answer.errorCode) for \(partition)")
    }
  }

  /// A try was not acknowledged. Without a number by which the broker knows the batch again another
  /// try might double it, so that those are left.
  private func failed(_ partition: TopicPartition, isInDoubt: Bool) {
    if isInDoubt { current[partition]?.isInDoubt = true }
    if !isIdempotent, isInDoubt, let attempt = current[partition] {
      history.abandoned(attempt.records, attempt.incarnation)
      current[partition] = nil
      return
    }
    again(partition)
  }

  // MARK: Identity

  /// Gives up what is on its way and goes on in its next epoch, which it takes by itself, as Kafka's
  /// clients do, or asks for. What it was in its last epoch may still send.
  private func giveUp() {
    world.note("producer \(index) gives up")
    let attempts = partitions.compactMap { current[$0] }
    for attempt in attempts {
      history.abandoned(attempt.records, attempt.incarnation)
      for _ in 0..<world.number(0...2) { haunt(attempt) }
    }
    current = [:]
    sequences = [:]
    formerIdentity = identity
    if let former = identity, former.epoch < .max, world.oneIn(2) {
      identity = ProducerIdentity(id: former.id, epoch: former.epoch + 1)
    } else {
      identity = nil
    }
  }

  /// Sends a batch that was given up, in a while.
  private func haunt(_ attempt: Attempt) {
    world.after(world.number(1_000...1_500_000)) { [weak self] in
      guard let self, !isStopped, let leader = map.leader(of: attempt.incarnation.partition) else {
        return
      }
      client.call(leader, request(attempt)) { _ in }
    }
  }

  private func askForIdentity() {
    guard !isAsking else { return }
    isAsking = true
    var request = InitProducerIDRequest()
    if let former = formerIdentity {
      request.producerID = former.id
      request.producerEpoch = former.epoch
    }
    client.call(world.pick(client.nodeIDs), request) { [weak self] result in
      guard let self else { return }
      isAsking = false
      guard case .success((let answer, _)) = result, answer.errorCode == .none else { return }
      history.noteProducer(answer.producerID, epoch: answer.producerEpoch)
      identity = ProducerIdentity(id: answer.producerID, epoch: answer.producerEpoch)
    }
  }
}

/// Which record of which producer it is: the value of a record.
struct RecordNumber: Hashable {
  var producer: UInt32
  var number: UInt32

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for word in [producer, number] {
      for shift in [24, 16, 8, 0] as [UInt32] {
        bytes.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    return bytes
  }

  init(producer: UInt32, number: UInt32) {
    self.producer = producer
    self.number = number
  }

  /// Nil when it is no record of a producer's.
  init?(_ value: RawSpan?) {
    guard let value, value.byteCount == 8 else { return nil }
    producer = value.bigEndian(UInt32.self, at: 0)
    number = value.bigEndian(UInt32.self, at: 4)
  }
}

extension RecordNumber: CustomStringConvertible {
  var description: String { "\(producer):\(number)" }
}
