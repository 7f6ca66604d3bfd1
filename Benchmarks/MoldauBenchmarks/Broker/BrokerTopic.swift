import MoldauClient
import MoldauFormat
import MoldauProtocol

/// A partition of the measured broker and the requests that write to it and read from it.
///
/// Requests are of versions that name topics by their names, so that any broker takes them.
struct BrokerTopic {
  static let produceVersion: Int16 = 9
  static let fetchVersion: Int16 = 12

  let partition: TopicPartition

  /// A topic of one partition that no one has used, created by asking for it.
  init(creatingFor row: String, on target: BrokerTarget) throws {
    let name = "bench-\(row)-\(UInt32.random(in: 0 ... .max))"
    _ = try target.connect().partitions(of: name)
    partition = TopicPartition(topic: name, partition: 0)
  }

  /// A partition that is there.
  init(_ partition: TopicPartition) {
    self.partition = partition
  }

  /// Requests that write the batches, one each.
  func produceFrames(_ batches: PrebuiltBatches, acks: Int16) -> RequestFrames {
    var frames = RequestFrames()
    for range in batches.ranges {
      var data = ProduceRequest.Partition()
      data.index = partition.partition
      data.records = .outOfBand(slice: 0, count: range.count)
      var topic = ProduceRequest.Topic()
      topic.name = partition.topic
      topic.partitions = [data]
      var request = ProduceRequest()
      request.acks = acks
      request.timeoutMilliseconds = 30_000
      request.topics = [topic]
      frames.append(request, version: Self.produceVersion, slice: batches.bytes[range])
    }
    return frames
  }

  /// Requests that read from each of `offsets` on, `byteCount` bytes each.
  func fetchFrames(from offsets: some Sequence<Int>, byteCount: Int) -> RequestFrames {
    var frames = RequestFrames()
    for offset in offsets {
      var wanted = FetchRequest.Partition()
      wanted.index = partition.partition
      wanted.fetchOffset = Int64(offset)
      wanted.maxBytes = Int32(byteCount)
      var topic = FetchRequest.Topic()
      topic.name = partition.topic
      topic.partitions = [wanted]
      var request = FetchRequest()
      request.maxWaitMilliseconds = 500
      request.minBytes = 1
      request.maxBytes = Int32(byteCount)
      request.topics = [topic]
      frames.append(request, version: Self.fetchVersion)
    }
    return frames
  }

  /// Throws unless the broker has as many records as were sent: its answers were not looked into.
  func checkEnd(_ expected: Int, on target: BrokerTarget) throws {
    let found = try target.connect().offset(
      of: partition, at: ListOffsetsRequest.Position.latest)
    guard found?.offset.rawValue == Int64(expected) else {
      throw BaselineError(
        "\(partition) ends at \(found.map { "\($0.offset)" } ?? "nothing"), not at \(expected):"
          + " the broker refused a part of what was sent")
    }
  }
}
