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
    guard bound <= Limits.maxWindowedAppendBytes else { return try appendLarge(record) }
    let needsTime = record.timestampMilliseconds == nil
    let appended = state.withLock { state -> AppendedBatch? in
      guard state.takesInWindow(bound, hasKey: unsafe key != nil) else { return nil }
      let usesLogTime = state.settings.usesLogAppendTime
      let now = usesLogTime || needsTime ? services.clock.nowMilliseconds() : 0
      return unsafe encodeInWindow(record, key, value, bound, now, &state)
    }
    guard let appended else { return try appendLarge(record) }
    observers.notify(end: appended.lastOffset.advanced(by: 1))
    return appended
  }

  /// Encodes a record behind the last batch; returns nil when its time wants a new segment first.
  @inline(__always)
  private func encodeInWindow(
    _ record: Record, _ key: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer?,
    _ bound: Int, _ now: Int64, _ state: inout AppendState
  ) -> AppendedBatch? {
    let usesLogTime = state.settings.usesLogAppendTime
    let timestamp = record.timestampMilliseconds ?? now
    let maxTimestamp = usesLogTime ? now : timestamp
    guard state.isYoungEnough(for: maxTimestamp),
      let target = unsafe state.window?.bytes(from: state.position)
    else { return nil }
    let offset = state.nextOffset
    let fields = BatchFields(
      baseOffset: offset, partitionLeaderEpoch: 0,
      attributes: usesLogTime
        ? BatchAttributes(isLogAppendTime: true) : BatchAttributes(rawValue: 0),
      maxTimestampMilliseconds: maxTimestamp)
    // SAFETY: the window holds `bound` bytes more, and nobody reads them before they are published.
    let byteCount = unsafe RecordBatch.encodeSingleRecordBatch(
      into: target, key: key, value: value, timestampMilliseconds: timestamp,
      headers: record.headers, fields: fields)
    publishSingle(&state, byteCount, maxTimestamp)
    return AppendedBatch(
      baseOffset: offset, lastOffset: offset, logAppendTimeMilliseconds: usesLogTime ? now : -1,
      byteCount: byteCount)
  }

  /// What `finishWrite` does, for a batch of one record without a producer.
  @inline(__always)
  private func publishSingle(
    _ state: inout AppendState, _ byteCount: Int, _ maxTimestamp: Int64
  ) {
    let offset = state.nextOffset
    if maxTimestamp > state.latest?.timestampMilliseconds ?? -1 {
      state.latest = TimeIndexEntry(
        timestampMilliseconds: maxTimestamp, relativeOffset: state.active.relative(offset))
    }
    if state.unindexedByteCount > state.settings.indexIntervalBytes {
      state.active.addIndexEntry(
        lastOffset: offset, position: state.position, time: state.latest)
      state.indexEntryCount += 1
      state.unindexedByteCount = 0
    }
    state.unindexedByteCount += byteCount
    state.unreportedByteCount += byteCount
    state.position += byteCount
    state.nextOffset = offset.advanced(by: 1)
    state.windowWasUsed = true
    state.active.publish(byteCount: state.position)
    endCounter.store(state.nextOffset.rawValue, ordering: .releasing)
    if state.epochs.latest == nil { state.epochs.note(0, from: offset) }
    publishStable(state)
  }

  /// Appends a record that no window takes, or before which something else is due.
  @inline(never)
  private func appendLarge(_ record: Record) throws(LogError) -> AppendedBatch {
    try append(EncodedBatch([record], codec: .none, self))
  }

  /// Appends a batch that this process has encoded, so that there is nothing to check but its size.
  func append(
    _ batch: borrowing EncodedBatch, leaderEpoch: Int32 = 0
  ) throws(LogError) -> AppendedBatch {
    var appended = try batch.encoder.withBytes { (bytes) throws(LogError) in
      // SAFETY: the buffer is read within its count and not kept.
      try unsafe bytes.withUnsafeBytes { (bytes) throws(LogError) in
        try unsafe write(batch.header, bytes, leaderEpoch: leaderEpoch, origin: .client)
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

extension AppendState {
  /// Whether a batch of one record and at most `bound` bytes can go straight behind the last one:
  /// nothing refuses it, and no roll, window or index has to come first.
  @inline(__always)
  func takesInWindow(_ bound: Int, hasKey: Bool) -> Bool {
    guard let window else { return false }
    return position + bound <= window.end && position + bound <= settings.segmentBytes
      && bound <= settings.maxBatchBytes && (hasKey || !settings.isCompacted)
      && !settings.boundsTimestamps
      && indexEntryCount < settings.maxIndexEntries && indexesAreGrowing && !isClosed && !isShared
      && nextOffset - active.baseOffset <= Int64(Int32.max) && nextOffset.rawValue < .max - 1
  }

  /// Whether a batch of this time belongs in the active segment.
  @inline(__always)
  func isYoungEnough(for maxTimestamp: Int64) -> Bool {
    guard let first = firstTimestampMilliseconds else { return false }
    let (age, overflows) = maxTimestamp.subtractingReportingOverflow(first)
    return !overflows && age <= settings.segmentAgeMilliseconds
  }
}
