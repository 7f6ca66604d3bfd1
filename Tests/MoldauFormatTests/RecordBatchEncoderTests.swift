import MoldauFormat
import Testing

struct RecordBatchEncoderTests {
  @Test("a client's batch is written byte for byte")
  func golden() throws {
    let fields = BatchFields(
      partitionLeaderEpoch: 0, attributes: BatchAttributes(isTransactional: true), producerID: 1,
      producerEpoch: 0, baseSequence: 0)
    let bytes = encode(Golden.transactionalRecords, fields)
    #expect(hex(bytes) == hex(Golden.transactionalBatch))
  }

  @Test("null, empty and many-byte fields are written byte for byte")
  func oddRecords() {
    let bytes = encode(Golden.oddRecords)
    #expect(hex(Array(bytes[61...])) == hex(Golden.oddRecordBytes))
  }

  @Test("a client's batch is read as it was written")
  func goldenRecords() throws {
    #expect(try decode(Golden.transactionalBatch) == Golden.transactionalRecords)
  }

  @Test("decoding undoes encoding", arguments: UInt64(1)...40)
  func roundTrip(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let records = randomRecords(using: &generator)
    let fields = BatchFields(
      baseOffset: Offset(rawValue: records[0].offset), producerID: 9, producerEpoch: 1,
      baseSequence: 77)
    let bytes = encode(records, fields)
    #expect(try decode(bytes) == records)
    let summary = try parse(bytes) { (bytes) throws(FormatError) in
      try RecordBatch.checkRecords(
        bytes.extracting(61...), try RecordBatchHeader(parsing: bytes))
    }
    #expect(summary.hasNullKey == records.contains { $0.key == nil })
    #expect(summary.maxTimestampMilliseconds == records.map(\.timestampMilliseconds).max())
  }

  @Test("every record has the batch's greatest timestamp when the broker sets it")
  func logAppendTime() throws {
    let fields = BatchFields(
      attributes: BatchAttributes(isLogAppendTime: true), maxTimestampMilliseconds: 99)
    let decoded = try decode(encode(Golden.transactionalRecords, fields))
    #expect(decoded.count == 10)
    #expect(decoded.allSatisfy { $0.timestampMilliseconds == 99 })
  }

  @Test("an encoder gives the same bytes after a reset")
  func reset() {
    var encoder = RecordBatchEncoder()
    for record in Golden.oddRecords { encoder.append(record) }
    encoder.finish(BatchFields())
    let first = copy(encoder.bytes)
    encoder.reset()
    #expect(encoder.recordCount == 0)
    #expect(encoder.byteCount == 61)
    for record in Golden.oddRecords { encoder.append(record) }
    #expect(encoder.recordCount == 4)
    #expect(encoder.byteCount == first.count)
    encoder.finish(BatchFields())
    #expect(copy(encoder.bytes) == first)
  }

  @Test("compressed records take the place of the plain ones", arguments: [0, 1, 100, 5000])
  func compressed(count: Int) throws {
    var encoder = RecordBatchEncoder(initialCapacity: 300)
    for record in Golden.transactionalRecords { encoder.append(record) }
    #expect(copy(encoder.records) == Array(Golden.transactionalBatch[61...]))
    let compressed = [UInt8](repeating: 0x5A, count: count)
    let fields = BatchFields(attributes: BatchAttributes(codec: .lz4))
    // SAFETY: bytes have no padding, so all of the array's are initialised.
    let header = unsafe encoder.finish(fields, replacingRecordsWith: compressed.span.bytes)
    let bytes = copy(encoder.bytes)
    #expect(Array(bytes[61...]) == compressed)
    #expect(header.recordCount == 10)
    #expect(header.attributes.codec == .lz4)
    let read = try parse(bytes) { (bytes) throws(FormatError) in
      let read = try RecordBatchHeader(parsing: bytes)
      try RecordBatch.checkChecksum(of: bytes, read)
      return read
    }
    #expect(read == header)
  }

  @Test("records copied from another batch keep their offsets and timestamps")
  func copying() throws {
    var generator = SeededGenerator(seed: 11)
    let records = randomRecords(using: &generator)
    let source = encode(records, BatchFields(baseOffset: Offset(rawValue: records[0].offset)))
    var encoder = RecordBatchEncoder(initialCapacity: 1)
    encoder.reset(baseTimestampMilliseconds: 123_456)
    let last = try parse(source) { (bytes) throws(FormatError) in
      let header = try RecordBatchHeader(parsing: bytes)
      try RecordBatch.forEachRecord(in: bytes.extracting(61...), header) { record in
        let delta = Int32(record.offset - header.baseOffset)
        if delta % 3 != 0 { encoder.append(copying: record, offsetDelta: delta) }
        return true
      }
      return header
    }
    let header = encoder.finish(
      BatchFields(baseOffset: last.baseOffset, lastOffsetDelta: last.lastOffsetDelta))
    #expect(header.baseTimestampMilliseconds == 123_456)
    #expect(header.lastOffset == last.lastOffset)
    let kept = records.filter { ($0.offset - records[0].offset) % 3 != 0 }
    #expect(try decode(copy(encoder.bytes)) == kept)
  }

  @Test("an empty batch keeps the offsets of the one that it was")
  func empty() throws {
    var encoder = RecordBatchEncoder()
    let header = encoder.finish(
      BatchFields(
        baseOffset: Offset(rawValue: 7), lastOffsetDelta: 4, maxTimestampMilliseconds: 12))
    #expect(header.recordCount == 0)
    #expect(header.nextOffset == Offset(rawValue: 12))
    #expect(header.maxTimestampMilliseconds == 12)
    #expect(try decode(copy(encoder.bytes)).isEmpty)
  }

  @Test("a batch of one record is what the encoder writes", arguments: UInt64(1)...20)
  func single(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let record = randomRecord(offset: 0, using: &generator)
    let fields = BatchFields(baseOffset: Offset(rawValue: 5), producerID: 3, baseSequence: 8)
    var bytes = [UInt8](
      repeating: 0,
      count: RecordBatch.singleRecordBatchMaxByteCount(
        keyByteCount: record.key?.count ?? 0, valueByteCount: record.value?.count ?? 0,
        headers: record.headers))
    let key = record.key
    let value = record.value
    // SAFETY: the buffers outlive the closures, which keep no pointer.
    let count = unsafe bytes.withUnsafeMutableBytes { target in
      unsafe withOptionalBuffer(key) { key in
        unsafe withOptionalBuffer(value) { value in
          unsafe RecordBatch.encodeSingleRecordBatch(
            into: target, key: key, value: value,
            timestampMilliseconds: record.timestampMilliseconds, headers: record.headers,
            fields: fields)
        }
      }
    }
    #expect(hex(Array(bytes[..<count])) == hex(encode([record], fields)))
  }

  @Test("a walk stops when it is told to, and reads nothing further")
  func stopping() throws {
    var bytes = Golden.transactionalBatch
    bytes[240] = 0xFF
    var offsets: [Int64] = []
    let visitedAll = try parse(bytes) { (bytes) throws(FormatError) in
      let header = try RecordBatchHeader(parsing: bytes)
      return try RecordBatch.forEachRecord(in: bytes.extracting(61...), header) { record in
        offsets.append(record.offset.rawValue)
        return offsets.count < 3
      }
    }
    #expect(!visitedAll)
    #expect(offsets == [0, 1, 2])
  }

  private func withOptionalBuffer<Result>(
    _ bytes: [UInt8]?, _ body: (UnsafeRawBufferPointer?) -> Result
  ) -> Result {
    guard let bytes else { return body(nil) }
    return unsafe bytes.withUnsafeBytes { unsafe body($0) }
  }

  private func randomRecords(using generator: inout SeededGenerator) -> [OwnedRecord] {
    let base = Int64.random(in: 0...1_000_000, using: &generator)
    let count = Int64.random(in: 1...200, using: &generator)
    return (0..<count).map { randomRecord(offset: base + $0, using: &generator) }
  }

  private func randomRecord(
    offset: Int64, using generator: inout SeededGenerator
  ) -> OwnedRecord {
    let farTimes: [Int64] = [0, -1, .max, .min, 1 << 40]
    let isFar = Int.random(in: 0..<8, using: &generator) == 0
    let time =
      (isFar ? farTimes.randomElement(using: &generator) : nil)
      ?? 1_700_000_000_000 + Int64.random(in: -9000...9000, using: &generator)
    let headerCount = Int.random(in: 0..<12, using: &generator) / 9
    return OwnedRecord(
      offset: offset, timestampMilliseconds: time, key: randomBytes(using: &generator),
      value: randomBytes(using: &generator),
      headers: (0..<headerCount).map { index in
        RecordHeader(name: "h\(index)", value: randomBytes(using: &generator))
      })
  }

  private func randomBytes(using generator: inout SeededGenerator) -> [UInt8]? {
    let bounds = [0, 1, 63, 64, 100, 8191, 8192]
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: return nil
    case 1: return generator.bytes(count: bounds.randomElement(using: &generator) ?? 0)
    default: return generator.bytes(count: Int.random(in: 0..<40, using: &generator))
    }
  }
}
