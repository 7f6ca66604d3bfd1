import MoldauCompression
import MoldauFormat

/// Records that were made a batch, ready to be written.
struct EncodedBatch: ~Copyable {
  let encoder: RecordBatchEncoder
  let header: RecordBatchHeader

  /// Encodes records for a log, with its time where its topic wants that.
  ///
  /// A batch that its codec does not make smaller stays uncompressed.
  /// - Throws: `batchTooLarge`; `invalidBatch` for a record without key in a compacted topic;
  ///   `invalidTimestamp`.
  init(
    _ records: [Record], codec: CompressionCodec, _ log: PartitionLog
  ) throws(LogError) {
    precondition(!records.isEmpty, "a batch has records")
    let settings = log.state.withLock { $0.settings }
    let now = log.services.clock.nowMilliseconds()
    let payload = Self.reservedByteCount(records)
    guard payload < RecordBatchEncoder.maxBatchByteCount - RecordBatchHeader.byteCount else {
      throw .batchTooLarge(byteCount: payload, limit: settings.maxBatchBytes)
    }
    var encoder = RecordBatchEncoder(initialCapacity: RecordBatchHeader.byteCount + payload)
    Self.encode(records, payload, now, into: &encoder)
    if settings.isCompacted && records.contains(where: { $0.key == nil }) {
      throw PartitionLog.missingKeyError
    }
    if settings.boundsTimestamps {
      for case let timestamp? in records.lazy.map(\.timestampMilliseconds) {
        try settings.checkTimestamps(from: timestamp, to: timestamp, now: now)
      }
    }
    var fields = BatchFields(partitionLeaderEpoch: 0)
    fields.attributes.isLogAppendTime = settings.usesLogAppendTime
    if settings.usesLogAppendTime { fields.maxTimestampMilliseconds = now }
    let header =
      codec == .none
      ? encoder.finish(fields) : try Self.compress(&encoder, codec, fields)
    guard header.batchByteCount <= settings.maxBatchBytes else {
      throw .batchTooLarge(byteCount: header.batchByteCount, limit: settings.maxBatchBytes)
    }
    self.encoder = encoder
    self.header = header
  }

  /// HOT: its loop once per record. Benchmark: `append-encode-100`.
  private static func reservedByteCount(_ records: [Record]) -> Int {
    // SAFETY: the indices are the buffer's own. Through the buffer no record is retained.
    unsafe records.withUnsafeBufferPointer { records in
      records.indices.reduce(0) { sum, index in
        unsafe sum
          + RecordBatchEncoder.reservedByteCount(
            keyByteCount: records[index].key?.count ?? 0,
            valueByteCount: records[index].value?.count ?? 0,
            headersByteCount: records[index].headers.isEmpty
              ? 1 : RecordEncoding.byteCount(of: records[index].headers))
      }
    }
  }

  /// HOT: its loop once per record. Benchmark: `append-encode-100`.
  private static func encode(
    _ records: [Record], _ byteCount: Int, _ now: Int64, into encoder: inout RecordBatchEncoder
  ) {
    // SAFETY: the indices are the buffer's own, and the records' arrays outlive the call.
    unsafe records.withUnsafeBufferPointer { records in
      let first = unsafe records[0].timestampMilliseconds ?? now
      encoder.append(reserving: byteCount, from: first) { cursor in
        for index in records.indices {
          let key = unsafe records[index].key?.withUnsafeBytes { unsafe $0 }
          let value = unsafe records[index].value?.withUnsafeBytes { unsafe $0 }
          let timestamp = unsafe records[index].timestampMilliseconds ?? now
          if unsafe records[index].headers.isEmpty {
            unsafe cursor.append(key: key, value: value, timestampMilliseconds: timestamp)
          } else {
            unsafe cursor.append(
              key: key, value: value, timestampMilliseconds: timestamp,
              headers: records[index].headers)
          }
        }
      }
    }
  }

  private static func compress(
    _ encoder: inout RecordBatchEncoder, _ codec: CompressionCodec, _ fields: BatchFields
  ) throws(LogError) -> RecordBatchHeader {
    var compressed: [UInt8] = []
    let plain = encoder.byteCount - RecordBatchHeader.byteCount
    do throws(FormatError) {
      try Compression.compress(encoder.records, codec: codec, into: &compressed)
    } catch {
      throw .invalidBatch(error)
    }
    guard compressed.count < plain else { return encoder.finish(fields) }
    var fields = fields
    fields.attributes = BatchAttributes(
      codec: codec, isLogAppendTime: fields.attributes.isLogAppendTime)
    return unsafe encoder.finish(fields, replacingRecordsWith: compressed.span.bytes)
  }
}
