/// Builds one record batch after another in memory that it keeps.
///
/// The header's 61 bytes are reserved in front and written last, by `finish`.
/// Format: docs/format/record-batch.md. Not for two threads at once.
@safe
@usableFromInline
package struct RecordBatchEncoder: ~Copyable {
  /// The length field of a batch is 32 bits wide.
  package static var maxBatchByteCount: Int { Int(Int32.max) }

  // INVARIANT: start <= next <= limit <= start + capacity; limit == next once finished.
  @usableFromInline package var start: UnsafeMutableRawPointer
  @usableFromInline package var next: UnsafeMutableRawPointer
  @usableFromInline package var limit: UnsafeMutableRawPointer
  @usableFromInline package var capacity: Int
  @usableFromInline package var baseTimestampMilliseconds: Int64?
  @usableFromInline package var maxTimestampMilliseconds = Int64.min
  @usableFromInline package var lastOffsetDelta: Int32 = -1
  @usableFromInline package var isFinished = false

  @usableFromInline package var storedRecordCount: Int32 = 0

  package init(initialCapacity: Int = 16_384) {
    capacity = max(initialCapacity, 256)
    unsafe start = .allocate(byteCount: capacity, alignment: 16)
    unsafe next = unsafe start + RecordBatchHeader.byteCount
    unsafe limit = unsafe start + capacity
  }

  deinit {
    unsafe start.deallocate()
  }

  /// The size of the batch so far, its header included.
  @inlinable
  package var byteCount: Int { unsafe next - start }

  /// The number of records appended since the last `reset`.
  @inlinable
  package var recordCount: Int { Int(storedRecordCount) }

  /// Appends a record; nil is a null key or value.
  ///
  /// The first record's timestamp becomes the batch's base timestamp.
  ///
  /// - Precondition: the batch is not finished and stays below 2 GiB.
  /// - Complexity: amortised O(bytes); allocates only when the memory grows.
  @inlinable
  package mutating func append(
    key: RawSpan?, value: RawSpan?, timestampMilliseconds: Int64, headers: [RecordHeader] = []
  ) {
    // SAFETY: both spans outlive the call, and the pointers are not used after it.
    let keyBuffer = unsafe key?.withUnsafeBytes { unsafe $0 }
    let valueBuffer = unsafe value?.withUnsafeBytes { unsafe $0 }
    unsafe append(
      key: keyBuffer, value: valueBuffer, timestampMilliseconds: timestampMilliseconds,
      headers: headers)
  }

  /// Appends a record; nil is a null key or value.
  ///
  /// The first record's timestamp becomes the batch's base timestamp.
  ///
  /// HOT: once per record that is written.
  ///
  /// - Precondition: the batch is not finished and stays below 2 GiB.
  /// - Complexity: amortised O(bytes); allocates only when the memory grows.
  @inlinable
  package mutating func append(
    key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, timestampMilliseconds: Int64,
    headers: [RecordHeader] = []
  ) {
    let byteCount = unsafe Self.reservedByteCount(
      keyByteCount: key?.count ?? 0, valueByteCount: value?.count ?? 0,
      headersByteCount: RecordEncoding.byteCount(of: headers))
    append(reserving: byteCount, from: timestampMilliseconds) { cursor in
      unsafe cursor.append(
        key: key, value: value, timestampMilliseconds: timestampMilliseconds, headers: headers)
    }
  }

  /// Appends a record that another batch holds, at `offsetDelta` from this one's base offset.
  ///
  /// Key, value and headers are copied as one block.
  ///
  /// - Precondition: the deltas rise from record to record.
  @inlinable
  package mutating func append(copying record: borrowing RecordView, offsetDelta: Int32) {
    precondition(offsetDelta > lastOffsetDelta, "the deltas rise from record to record")
    let timestampDelta = delta(of: record.timestampMilliseconds)
    let tailByteCount = record.tailByteCount
    let bodyByteCount =
      1 &+ Varint.byteCount(timestampDelta) &+ Varint.byteCount(Int64(offsetDelta))
      &+ tailByteCount
    reserve(RecordEncoding.maxFixedByteCount &+ tailByteCount)
    // SAFETY: the bytes are reserved, and the view's memory outlives the call.
    unsafe Varint.write(Int64(bodyByteCount), to: &next)
    unsafe next.storeBytes(of: 0, as: UInt8.self)
    unsafe next += 1
    unsafe Varint.write(timestampDelta, to: &next)
    unsafe Varint.write(Int64(offsetDelta), to: &next)
    unsafe next.copyMemory(from: record.tail, byteCount: tailByteCount)
    unsafe next += tailByteCount
    note(record.timestampMilliseconds, offsetDelta: offsetDelta)
  }

  /// Writes the header in front of the records and returns it.
  ///
  /// - Precondition: there is a record, or `fields` say what an empty batch stands for.
  @discardableResult
  package mutating func finish(_ fields: BatchFields) -> RecordBatchHeader {
    precondition(!isFinished, "finish without reset")
    isFinished = true
    unsafe limit = unsafe next
    let delta = fields.lastOffsetDelta ?? lastOffsetDelta
    precondition(delta >= max(lastOffsetDelta, 0), "a batch spans at least its records")
    var maxTimestamp = fields.maxTimestampMilliseconds ?? maxTimestampMilliseconds
    if recordCount == 0, fields.maxTimestampMilliseconds == nil { maxTimestamp = -1 }
    var header = RecordBatchHeader(
      baseOffset: fields.baseOffset,
      batchLength: Int32(byteCount - RecordBatchHeader.lengthPrefixByteCount),
      partitionLeaderEpoch: fields.partitionLeaderEpoch, checksum: 0,
      attributes: fields.attributes, lastOffsetDelta: delta,
      baseTimestampMilliseconds: baseTimestampMilliseconds ?? -1,
      maxTimestampMilliseconds: maxTimestamp, producerID: fields.producerID,
      producerEpoch: fields.producerEpoch, baseSequence: fields.baseSequence,
      recordCount: storedRecordCount)
    // SAFETY: the memory holds at least the header, and `byteCount` bytes of it are written.
    unsafe header.storeWithChecksum(to: start, batchByteCount: byteCount)
    return header
  }

  /// Puts `compressed` in the place of the records, then finishes the batch.
  ///
  /// - Precondition: `compressed` is not memory of this encoder, and the attributes name its codec.
  @discardableResult
  package mutating func finish(
    _ fields: BatchFields, replacingRecordsWith compressed: RawSpan
  ) -> RecordBatchHeader {
    unsafe next = unsafe start + RecordBatchHeader.byteCount
    reserve(compressed.byteCount)
    unsafe compressed.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      // SAFETY: the bytes are reserved.
      unsafe next.copyMemory(from: source, byteCount: bytes.count)
      unsafe next += bytes.count
    }
    return finish(fields)
  }

  /// The records appended since the last `reset`, without a header; what a codec compresses.
  package var records: RawSpan {
    @_lifetime(borrow self)
    get {
      let buffer = unsafe UnsafeRawBufferPointer(
        start: start + RecordBatchHeader.byteCount,
        count: byteCount - RecordBatchHeader.byteCount)
      // SAFETY: the bytes are written, and they live as long as the encoder is not changed.
      return unsafe _overrideLifetime(buffer.bytes, borrowing: self)
    }
  }

  /// The whole batch.
  ///
  /// - Precondition: it is finished.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      precondition(isFinished, "the header is not written")
      let buffer = unsafe UnsafeRawBufferPointer(start: start, count: byteCount)
      // SAFETY: the bytes are written, and they live as long as the encoder is not changed.
      return unsafe _overrideLifetime(buffer.bytes, borrowing: self)
    }
  }

  /// Calls `body` with the whole batch.
  ///
  /// - Precondition: it is finished.
  package func withBytes<Result: ~Copyable, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(bytes)
  }

  /// Forgets the records and keeps the memory.
  ///
  /// `baseTimestampMilliseconds` replaces the first record's timestamp as the base.
  package mutating func reset(baseTimestampMilliseconds: Int64? = nil) {
    self.baseTimestampMilliseconds = baseTimestampMilliseconds
    unsafe next = unsafe start + RecordBatchHeader.byteCount
    unsafe limit = unsafe start + capacity
    maxTimestampMilliseconds = .min
    lastOffsetDelta = -1
    storedRecordCount = 0
    isFinished = false
  }

  /// Returns the distance of `timestamp` from the base, which it becomes when there is none.
  @inlinable @inline(always)
  package mutating func delta(of timestampMilliseconds: Int64) -> Int64 {
    guard let base = baseTimestampMilliseconds else {
      baseTimestampMilliseconds = timestampMilliseconds
      return 0
    }
    return timestampMilliseconds &- base
  }

  @inlinable @inline(always)
  package mutating func note(_ timestampMilliseconds: Int64, offsetDelta: Int32) {
    maxTimestampMilliseconds = max(maxTimestampMilliseconds, timestampMilliseconds)
    lastOffsetDelta = offsetDelta
    storedRecordCount &+= 1
  }

  /// Makes sure that `count` bytes are writable from `next` on.
  @inlinable @inline(always)
  package mutating func reserve(_ count: Int) {
    if unsafe limit - next < count { grow(by: count) }
  }

  @usableFromInline @inline(never)
  package mutating func grow(by count: Int) {
    precondition(!isFinished, "append after finish")
    precondition(count <= Self.maxBatchByteCount - byteCount, "a batch stays below 2 GiB")
    let used = byteCount
    let grown = max(capacity * 2, used + count)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: grown, alignment: 16)
    // SAFETY: `used` bytes are inside both blocks.
    unsafe memory.copyMemory(from: start, byteCount: used)
    unsafe start.deallocate()
    unsafe start = unsafe memory
    capacity = grown
    unsafe next = unsafe memory + used
    unsafe limit = unsafe memory + grown
  }
}
