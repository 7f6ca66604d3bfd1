import MoldauClient
import MoldauFormat
import MoldauLog

func endpoint(_ port: Int) -> Endpoint {
  Endpoint(host: "127.0.0.1", port: UInt16(port))
}

/// Writes values to a topic that comes into being, reads them back and returns what came.
func roundTrip(_ values: [String], through port: Int) throws -> [String] {
  let client = try KafkaConnection(to: endpoint(port))
  let partition = TopicPartition(topic: "round-trip", partition: 0)
  _ = try client.partitions(of: partition.topic)
  var builder = BatchBuilder()
  for value in values {
    builder.append(value: Array(value.utf8).span, timestampMilliseconds: 1_000)
  }
  try builder.finish()
  _ = try client.produce(builder.bytes, to: partition)
  return try readAll(partition, through: client)
}

/// The values of a partition, as far as one answer goes.
func readAll(_ partition: TopicPartition, through client: KafkaConnection) throws -> [String] {
  var seen: [String] = []
  _ = try client.fetch(partition, from: .zero) { record in
    if let value = record.value {
      seen.append(String(decoding: (0..<value.byteCount).map { byte(value, $0) }, as: UTF8.self))
    }
    return true
  }
  return seen
}

func readAll(_ partition: TopicPartition, through port: Int) throws -> [String] {
  try readAll(partition, through: try KafkaConnection(to: endpoint(port)))
}

private func byte(_ bytes: RawSpan, _ index: Int) -> UInt8 {
  // SAFETY: the load checks its bounds, and every byte is a valid one.
  unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt8.self)
}

/// The client blocks, which Swift's own threads must not.
func onOwnThread<Value: Sendable>(
  _ work: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    EngineThread.detached(name: "test-client") {
      continuation.resume(with: Result(catching: work))
    }
  }
}

/// Writes one value to partition 0 of a topic.
func send(_ value: String, to topic: String, through port: Int) throws {
  try send(value, to: TopicPartition(topic: topic, partition: 0), through: port)
}

/// Writes one value to a partition.
func send(_ value: String, to partition: TopicPartition, through port: Int) throws {
  let client = try KafkaConnection(to: endpoint(port))
  var builder = BatchBuilder()
  builder.append(value: Array(value.utf8).span, timestampMilliseconds: 1_000)
  try builder.finish()
  _ = try client.produce(builder.bytes, to: partition)
}
