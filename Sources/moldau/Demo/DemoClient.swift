import Glibc
import MoldauClient
import MoldauFormat
import MoldauLog
import MoldauProtocol

/// The demo's client: writes log lines to a broker and reads them back, over TCP.
struct DemoClient {
  struct Written: Sendable {
    var batchCount = 0
    var batchBytes = 0
    var duration: Duration = .zero
  }

  struct ReadBack: Sendable {
    var fetchCount = 0
    /// The lines that came back as they were sent, in their order.
    var equalCount = 0
    var duration: Duration = .zero
  }

  static let partition = TopicPartition(topic: "web-log", partition: 0)
  static let codec = CompressionCodec.lz4
  /// A batch is sent when its lines have this many bytes.
  private static let batchBytes = 64 << 10
  /// Batches that may be on their way at once.
  private static let pipelineDepth = 16

  let lines: LogLines
  private let connection: KafkaConnection

  init(lines: LogLines, broker: Endpoint) throws(ClientError) {
    self.lines = lines
    connection = try KafkaConnection(to: broker)
  }

  /// Makes the topic by asking for it.
  func createTopic() throws(ClientError) {
    _ = try connection.partitions(of: Self.partition.topic)
  }

  // MARK: Writing

  /// Sends all lines with acks=all; returns when the last acknowledgement has come.
  func write() throws -> Written {
    let now = SystemWallClock().nowMilliseconds()
    var written = Written()
    var builder = BatchBuilder(codec: Self.codec, initialCapacity: Self.batchBytes * 2)
    var pending: [KafkaConnection.Pending<ProduceRequest>] = []
    let started = ContinuousClock.now
    for index in 0..<lines.count {
      // SAFETY: bytes have no padding between them.
      let line = unsafe lines.bytes.span.bytes.extracting(lines.range(of: index))
      builder.append(key: nil, value: line, timestampMilliseconds: now)
      guard builder.byteCount >= Self.batchBytes || index == lines.count - 1 else { continue }
      try builder.finish()
      written.batchCount += 1
      written.batchBytes += builder.bytes.byteCount
      pending.append(try connection.sendProduce(builder.bytes, to: Self.partition))
      builder.reset()
      if pending.count == Self.pipelineDepth {
        _ = try connection.receive(pending.removeFirst(), of: Self.partition)
      }
    }
    for acknowledgement in pending {
      _ = try connection.receive(acknowledgement, of: Self.partition)
    }
    written.duration = started.duration(to: .now)
    return written
  }

  // MARK: Reading

  /// Reads all records and compares each with the line that was sent.
  func readBack() throws(ClientError) -> ReadBack {
    var read = ReadBack()
    var next = Offset.zero
    var seenCount = 0
    let end = Offset(rawValue: Int64(lines.count))
    let started = ContinuousClock.now
    while next < end {
      let fetched = try connection.fetch(Self.partition, from: next) { record in
        if let value = record.value, isEqual(value, line: seenCount) { read.equalCount += 1 }
        seenCount += 1
        return true
      }
      read.fetchCount += 1
      guard fetched.nextOffset > next else { break }
      next = fetched.nextOffset
    }
    read.duration = started.duration(to: .now)
    return read
  }

  private func isEqual(_ value: RawSpan, line index: Int) -> Bool {
    guard index < lines.count else { return false }
    // SAFETY: bytes have no padding between them.
    let line = unsafe lines.bytes.span.bytes.extracting(lines.range(of: index))
    guard line.byteCount == value.byteCount else { return false }
    // SAFETY: both are read within their counts, which are equal.
    return unsafe line.withUnsafeBytes { line in
      unsafe value.withUnsafeBytes { value in
        guard let line = line.baseAddress, let value = value.baseAddress else { return true }
        return unsafe memcmp(line, value, lines.range(of: index).count) == 0
      }
    }
  }
}
