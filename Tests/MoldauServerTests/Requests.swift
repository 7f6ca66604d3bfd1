import MoldauClient
import MoldauFormat
import MoldauLog
import MoldauProtocol

/// A topic as requests name it: by name, or from some version on by id.
struct NamedTopic: Sendable {
  var name: String
  var id = TopicID.zero
}

/// Returns a batch with a record for each of `values`.
func batch(_ values: [String], codec: CompressionCodec = .none, time: Int64 = 1_700_000_000_000)
  throws -> [UInt8]
{
  var builder = BatchBuilder(codec: codec)
  for (index, value) in values.enumerated() {
    builder.append(
      value: Array(value.utf8).span, timestampMilliseconds: time + Int64(index))
  }
  try builder.finish()
  return builder.bytes.array
}

extension ProduceRequest {
  /// A request that appends a batch to each of some partitions.
  init(_ batches: [Int32: [UInt8]], to topic: NamedTopic, acks: Int16 = -1) {
    self.init()
    self.acks = acks
    timeoutMilliseconds = 300_000
    var target = Topic()
    target.name = topic.name
    target.id = topic.id
    target.partitions = batches.sorted { $0.key < $1.key }.map { index, bytes in
      var partition = Partition()
      partition.index = index
      partition.records = .bytes(bytes)
      return partition
    }
    topics = [target]
  }
}

extension FetchRequest {
  /// A request for records from offsets of some partitions, which does not wait.
  init(_ offsets: [Int32: Int64], of topic: NamedTopic, maxBytes: Int32 = 1 << 20) {
    self.init()
    minBytes = 1
    self.maxBytes = maxBytes
    var source = Topic()
    source.name = topic.name
    source.id = topic.id
    source.partitions = offsets.sorted { $0.key < $1.key }.map { index, offset in
      var partition = Partition()
      partition.index = index
      partition.fetchOffset = offset
      partition.maxBytes = maxBytes
      return partition
    }
    topics = [source]
  }
}

extension MetadataRequest {
  init(_ names: [String]?, creates: Bool = true) {
    self.init()
    topics = names.map { names in
      names.map { name in
        var topic = Topic()
        topic.name = name
        return topic
      }
    }
    allowsAutoTopicCreation = creates
  }
}

extension ListOffsetsRequest {
  init(_ timestamp: Int64, of topic: String, partition index: Int32 = 0) {
    self.init()
    var partition = Partition()
    partition.index = index
    partition.timestampMilliseconds = timestamp
    var asked = Topic()
    asked.name = topic
    asked.partitions = [partition]
    topics = [asked]
  }
}

extension RawClient.Answer where Response == FetchResponse {
  /// The values of all records of one partition of the answer, from `offset` on.
  func values(of index: Int32 = 0, from offset: Int64 = 0) throws -> [String] {
    var values: [String] = []
    for partition in response.topics.flatMap(\.partitions) where partition.index == index {
      guard case .inFrame(let start, let count) = partition.records else { continue }
      var scanner = RecordScanner()
      // SAFETY: bytes have no padding between them.
      let batches = unsafe frame.span.bytes.extracting(start..<(start + count))
      _ = try scanner.forEachRecord(in: batches, from: Offset(rawValue: offset)) { record in
        if let value = record.value {
          values.append(value.text)
        }
        return true
      }
    }
    return values
  }
}
