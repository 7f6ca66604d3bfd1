import MoldauClient
import MoldauProtocol

/// `partitions-10000`: many partitions, each written to.
struct PartitionsRow: BenchmarkRow {
  static let description = RowDescription(
    name: "partitions-10000",
    question: "Create ten topics of 1,000 partitions and write a record to each partition, 100"
      + " partitions a request. An operation is a partition.",
    durability: "buffered", goals: [], warmUpRounds: 0, mostRounds: 1, leavesManyFiles: true)

  private static let topicCount = 10
  private static let partitionCount = 1000
  private static let partitionsPerRequest = 100

  private let target: BrokerTarget
  private let connection: KafkaConnection
  private let batch: PrebuiltBatches
  private var createSeconds = 0.0

  init(_ context: RowContext) async throws {
    target = try context.startBroker(["--flush", "buffered"])
    connection = try target.connect()
    batch = PrebuiltBatches(
      count: 1, recordsPerBatch: 1, seed: 26, timestamp: BenchmarkTopic.nowMilliseconds)
  }

  mutating func measuredRound(_ round: Int) throws -> Sample {
    let start = ContinuousClock.now
    let suffix = UInt32.random(in: 0 ... .max)
    let names = (0..<Self.topicCount).map { "bench-partitions-\(suffix)-\($0)" }
    let raw = try target.connectRaw()
    let count = Self.topicCount * Self.partitionCount
    var created = Duration.zero
    let sample = try BrokerMeter(target: target).measure {
      try create(names)
      created = start.duration(to: .now)
      let frames = frames(names)
      _ = try raw.exchange(frames, requestCount: frames.count, inFlight: 5)
      return Work(operations: count, records: count, bytes: count * batch.bytes.count)
    }
    createSeconds = created.inNanoseconds / 1e9
    try check(names)
    return sample
  }

  private func create(_ names: [String]) throws {
    var request = CreateTopicsRequest()
    request.topics = names.map { name in
      var topic = CreateTopicsRequest.Topic()
      topic.name = name
      topic.partitionCount = Int32(Self.partitionCount)
      topic.replicationFactor = 1
      return topic
    }
    for topic in try connection.call(request).topics where topic.errorCode != .none {
      throw BaselineError("\(topic.name) was not created: \(topic.errorCode)")
    }
  }

  private func frames(_ names: [String]) -> RequestFrames {
    var frames = RequestFrames()
    for name in names {
      for first in stride(from: 0, to: Self.partitionCount, by: Self.partitionsPerRequest) {
        var topic = ProduceRequest.Topic()
        topic.name = name
        topic.partitions = (first..<first + Self.partitionsPerRequest).map { index in
          var data = ProduceRequest.Partition()
          data.index = Int32(index)
          data.records = .outOfBand(slice: 0, count: batch.bytes.count)
          return data
        }
        var request = ProduceRequest()
        request.acks = -1
        request.timeoutMilliseconds = 30_000
        request.topics = [topic]
        frames.append(request, version: BrokerTopic.produceVersion, slice: batch.bytes[...])
      }
    }
    return frames
  }

  /// The answers were not looked into: each partition must hold its record.
  private func check(_ names: [String]) throws {
    for name in names {
      var topic = ListOffsetsRequest.Topic()
      topic.name = name
      topic.partitions = (0..<Self.partitionCount).map { index in
        var partition = ListOffsetsRequest.Partition()
        partition.index = Int32(index)
        partition.timestampMilliseconds = ListOffsetsRequest.Position.latest
        return partition
      }
      var request = ListOffsetsRequest()
      request.topics = [topic]
      let found = try connection.call(request).topics.first?.partitions ?? []
      guard found.count(where: { $0.offset == 1 }) == Self.partitionCount else {
        throw BaselineError("\(name) has partitions without their record")
      }
    }
  }

  mutating func baselineRound(_ round: Int) -> Sample? { nil }

  mutating func finish() throws -> RowFigures {
    try target.stop()
    return RowFigures(members: [.init("createSeconds", .number(createSeconds))])
  }
}
