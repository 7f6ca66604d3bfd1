import Foundation
import MoldauClient
import MoldauFormat
import MoldauProtocol
import Synchronization

/// Records that come at a steady pace, and how long each took to its acknowledgement and to a
/// consumer.
///
/// A producer sends what has come due since its last request was answered, acks=all, one request at
/// a time; a consumer on a connection of its own waits in long polls. A record bears the time at
/// which it was due, so that a producer that falls behind does not hide it.
struct LatencyLoad {
  /// What a run has measured, in nanoseconds.
  struct Latencies: Sendable {
    var acknowledged: [Double] = []
    var delivered: [Double] = []
  }

  let target: BrokerTarget
  let partition: TopicPartition
  let recordsPerSecond: Int

  /// Runs for as many records as told, from the partition's end on.
  func run(recordCount: Int) throws -> Latencies {
    let reading = try target.connect()
    guard
      let end = try reading.offset(of: partition, at: ListOffsetsRequest.Position.latest)?.offset
    else { throw BaselineError("\(partition) has no end") }
    let consumer = LatencyConsumer(
      endpoint: target.endpoint, partition: partition, from: end, recordCount: recordCount)
    consumer.start()
    let acknowledged = try produce(recordCount, over: try target.connect())
    return Latencies(acknowledged: acknowledged, delivered: try consumer.wait())
  }

  private func produce(
    _ recordCount: Int, over connection: KafkaConnection
  ) throws -> [Double] {
    let interval = UInt64(1_000_000_000 / recordsPerSecond)
    let start = MonotonicTime.now + 1_000_000
    var builder = BatchBuilder()
    var value = [UInt8](repeating: UInt8(ascii: "x"), count: Values.valueSize)
    var latencies: [Double] = []
    latencies.reserveCapacity(recordCount)
    while latencies.count < recordCount {
      let first = latencies.count
      MonotonicTime.sleep(until: start + UInt64(first) * interval)
      let due = min(Int((MonotonicTime.now - start) / interval) + 1, recordCount)
      let timestamp = BenchmarkTopic.nowMilliseconds
      builder.reset()
      for record in first..<due {
        let time = start + UInt64(record) * interval
        for byte in 0..<8 { value[byte] = UInt8(truncatingIfNeeded: time >> (8 * UInt64(byte))) }
        builder.append(value: value.span, timestampMilliseconds: timestamp)
      }
      try builder.finish()
      _ = try connection.produce(builder.bytes, to: partition, acks: -1)
      let now = MonotonicTime.now
      for record in first..<due {
        latencies.append(Double(now - start - UInt64(record) * interval))
      }
    }
    return latencies
  }
}

/// Reads the load's records on a thread of its own.
private final class LatencyConsumer: Sendable {
  let endpoint: Endpoint
  let partition: TopicPartition
  let from: Offset
  let recordCount: Int
  private let ended = DispatchSemaphore(value: 0)
  private let result = Mutex<Result<[Double], any Error>>(.success([]))

  init(endpoint: Endpoint, partition: TopicPartition, from: Offset, recordCount: Int) {
    self.endpoint = endpoint
    self.partition = partition
    self.from = from
    self.recordCount = recordCount
  }

  func start() {
    Thread.detachNewThread { [self] in
      let read = Result { try self.read() }
      result.withLock { $0 = read }
      ended.signal()
    }
  }

  func wait() throws -> [Double] {
    ended.wait()
    return try result.withLock { try $0.get() }
  }

  private func read() throws -> [Double] {
    let connection = try KafkaConnection(to: endpoint)
    var latencies: [Double] = []
    latencies.reserveCapacity(recordCount)
    var offset = from
    while latencies.count < recordCount {
      let pending = try connection.sendFetch(partition, from: offset)
      let fetched = try connection.receive(pending, of: partition, from: offset) { record in
        let now = MonotonicTime.now
        var time: UInt64 = 0
        if let value = record.value {
          for byte in 0..<8 {
            // SAFETY: the load's values are longer than the 8 bytes of the time.
            time |=
              UInt64(unsafe value.unsafeLoad(fromByteOffset: byte, as: UInt8.self))
              << (8 * UInt64(byte))
          }
        }
        latencies.append(Double(now &- time))
        return true
      }
      offset = fetched.nextOffset
    }
    return latencies
  }
}
