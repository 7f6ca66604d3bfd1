import MoldauFormat
import Synchronization

extension PartitionLog {
  /// Appends a record as a batch of its own, uncompressed.
  ///
  /// It is encoded where it will lie: one lock, one copy of its bytes, no allocation.
  /// HOT: once per single append. Benchmark: `append-single`.
  func append(_ record: Record) throws(LogError) -> AppendedBatch {
    try services.checkHealth()
    // SAFETY: the arrays outlive the pointers, which this call alone uses.
    let key = unsafe record.key?.withUnsafeBytes { unsafe $0 }
    let value = unsafe record.value?.withUnsafeBytes { unsafe $0 }
    defer { withExtendedLifetime(record) {} }
    let bound = unsafe RecordBatch.singleRecordBatchMaxByteCount(
      keyByteCount: key?.count ?? 0, valueByteCount: value?.count ?? 0, headers: record.headers)
    guard bound <= Limits.maxWindowedAppendBytes else { return try appendLarge(record, bound) }
    let appended = try state.withLock { (state) throws(LogError) -> AppendedBatch? in
      try unsafe encodeInWindow(record, key, value, bound, &state)
    }
    guard let appended else { return try appendLarge(record, bound) }
    observers.notify(end: appended.lastOffset.advanced(by: 1))
    return appended
  }

  /// Encodes a record behind the last batch; returns nil when that is no place for it.
  private func encodeInWindow(
    _ record: Record, _ key: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer?,
    _ bound: Int, _ state: inout AppendState
  ) throws(LogError) -> AppendedBatch? {
    guard !state.isClosed else { throw .closed }
    guard bound <= state.settings.maxBatchBytes else { return nil }
    guard record.key != nil || !state.settings.isCompacted else { throw Self.missingKeyError }
    let usesLogTime = state.settings.usesLogAppendTime
    let now =
      usesLogTime || record.timestampMilliseconds == nil ? services.clock.nowMilliseconds() : 0
    let timestamp = record.timestampMilliseconds ?? now
    let fields = BatchFields(
      baseOffset: state.nextOffset, partitionLeaderEpoch: 0,
      attributes: BatchAttributes(isLogAppendTime: usesLogTime),
      maxTimestampMilliseconds: usesLogTime ? now : nil)
    var header = RecordBatchHeader(
      baseOffset: state.nextOffset, batchLength: Int32(bound - 12), partitionLeaderEpoch: 0,
      checksum: 0, attributes: fields.attributes, lastOffsetDelta: 0,
      baseTimestampMilliseconds: timestamp, maxTimestampMilliseconds: usesLogTime ? now : timestamp,
      producerID: -1, producerEpoch: -1, baseSequence: -1, recordCount: 1)
    if shouldRoll(state, header) { try roll(&state) }
    if !state.indexesAreGrowing { try prepareIndexes(&state) }
    state.smallAppendCount += 1
    guard state.smallAppendCount > 1, let window = openWindow(&state, bound) else { return nil }
    // SAFETY: the window holds `bound` bytes more, and nobody reads them before they are published.
    let byteCount = unsafe RecordBatch.encodeSingleRecordBatch(
      into: window.bytes(from: state.position), key: key, value: value,
      timestampMilliseconds: timestamp, headers: record.headers, fields: fields)
    header.batchLength = Int32(truncatingIfNeeded: byteCount - 12)
    finishWrite(&state, header, nil)
    return AppendedBatch(
      baseOffset: header.baseOffset, lastOffset: header.baseOffset,
      logAppendTimeMilliseconds: usesLogTime ? now : -1, byteCount: byteCount)
  }

  /// Appends a record that no window takes.
  private func appendLarge(_ record: Record, _ bound: Int) throws(LogError) -> AppendedBatch {
    try append(EncodedBatch([record], codec: .none, self))
  }

  /// Appends a batch that this process has encoded, so that there is nothing to check but its size.
  func append(_ batch: borrowing EncodedBatch) throws(LogError) -> AppendedBatch {
    var appended = try batch.encoder.withBytes { (bytes) throws(LogError) in
      // SAFETY: the buffer is read within its count and not kept.
      try unsafe bytes.withUnsafeBytes { (bytes) throws(LogError) in
        try unsafe write(batch.header, bytes, leaderEpoch: 0, origin: .client)
      }
    }
    if batch.header.attributes.isLogAppendTime {
      appended.logAppendTimeMilliseconds = batch.header.maxTimestampMilliseconds
    }
    return appended
  }

  static var missingKeyError: LogError {
    .invalidBatch(.invalid(field: "key", reason: "a record of a compacted topic needs a key"))
  }
}
