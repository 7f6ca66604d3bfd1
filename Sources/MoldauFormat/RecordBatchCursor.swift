/// Writes records one after another into memory that was reserved for all of them.
///
/// A local of the loop that fills a batch: what it keeps stays in registers, where an encoder's
/// fields would be loaded and stored for each record. One of the few audited pointer kernels.
@safe
@usableFromInline
package struct RecordBatchCursor {
  @usableFromInline var next: UnsafeMutableRawPointer
  @usableFromInline var lastOffsetDelta: Int32
  @usableFromInline var maxTimestampMilliseconds: Int64
  @usableFromInline let baseTimestampMilliseconds: Int64

  @inlinable @inline(always)
  init(
    next: UnsafeMutableRawPointer, lastOffsetDelta: Int32, maxTimestampMilliseconds: Int64,
    baseTimestampMilliseconds: Int64
  ) {
    unsafe self.next = next
    self.lastOffsetDelta = lastOffsetDelta
    self.maxTimestampMilliseconds = maxTimestampMilliseconds
    self.baseTimestampMilliseconds = baseTimestampMilliseconds
  }

  /// Appends a record without headers; nil is a null key or value.
  ///
  /// Apart from the one with headers, so that nothing is retained for most records.
  /// HOT: once per record of a batch.
  ///
  /// - Precondition: this record and those before it take no more than was reserved.
  @inlinable @inline(always)
  package mutating func append(
    key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, timestampMilliseconds: Int64
  ) {
    let record = unsafe nextRecord(key, value, timestampMilliseconds)
    // SAFETY: the bytes are reserved.
    unsafe next = record.write(to: next)
  }

  /// Appends a record; nil is a null key or value.
  ///
  /// - Precondition: this record and those before it take no more than was reserved.
  @inlinable @inline(always)
  package mutating func append(
    key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer?, timestampMilliseconds: Int64,
    headers: [RecordHeader]
  ) {
    let record = unsafe nextRecord(key, value, timestampMilliseconds)
    // SAFETY: the bytes are reserved.
    unsafe next = record.write(
      to: next, headers: headers, headersByteCount: RecordEncoding.byteCount(of: headers))
  }

  @inlinable @inline(always)
  mutating func nextRecord(
    _ key: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer?, _ timestamp: Int64
  ) -> RecordEncoding {
    lastOffsetDelta &+= 1
    maxTimestampMilliseconds = max(maxTimestampMilliseconds, timestamp)
    return unsafe RecordEncoding(
      timestampDelta: timestamp &- baseTimestampMilliseconds, offsetDelta: lastOffsetDelta,
      key: key, value: value)
  }
}

extension RecordBatchEncoder {
  /// Appends as many records as `body` does, which take at most `byteCount` bytes together: the sum
  /// of what `reservedByteCount` says of each.
  ///
  /// `timestampMilliseconds` is the first record's, which becomes the batch's base when it has none.
  ///
  /// - Precondition: the batch is not finished and stays below 2 GiB.
  /// - Complexity: O(bytes); one check of the memory for all records.
  @inlinable @inline(always)
  package mutating func append(
    reserving byteCount: Int, from timestampMilliseconds: Int64,
    _ body: (inout RecordBatchCursor) -> Void
  ) {
    reserve(byteCount)
    let base = baseTimestampMilliseconds ?? timestampMilliseconds
    baseTimestampMilliseconds = base
    let first = lastOffsetDelta
    var cursor = unsafe RecordBatchCursor(
      next: next, lastOffsetDelta: first, maxTimestampMilliseconds: maxTimestampMilliseconds,
      baseTimestampMilliseconds: base)
    body(&cursor)
    precondition(unsafe cursor.next <= limit, "the records take what was reserved")
    unsafe next = unsafe cursor.next
    lastOffsetDelta = cursor.lastOffsetDelta
    maxTimestampMilliseconds = cursor.maxTimestampMilliseconds
    storedRecordCount &+= cursor.lastOffsetDelta &- first
  }

  /// What to reserve for a record with a key and a value of so many bytes; 0 for null.
  @inlinable @inline(always)
  package static func reservedByteCount(
    keyByteCount: Int, valueByteCount: Int, headersByteCount: Int = 1
  ) -> Int {
    RecordEncoding.maxFixedByteCount &+ keyByteCount &+ valueByteCount &+ headersByteCount
  }
}
