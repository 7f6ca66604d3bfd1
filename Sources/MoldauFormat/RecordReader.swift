/// Walks over the uncompressed records of a batch, one `next` at a time.
///
/// Keep it in a local variable: in a class its every step would pay for exclusivity checks.
@safe
@usableFromInline
package struct RecordReader: ~Escapable {
  @usableFromInline var cursor: RecordCursor
  @usableFromInline var unreadCount: Int32
  @usableFromInline let baseOffset: Int64
  @usableFromInline let lastOffsetDelta: Int
  @usableFromInline let timestampBase: Int64
  /// All ones, or zero where all records bear one timestamp.
  @usableFromInline let timestampDeltaMask: Int64

  /// Starts at the first of `records`, which the batch of `header` holds.
  @inlinable @inline(always)
  @_lifetime(copy records)
  package init(_ records: RawSpan, _ header: RecordBatchHeader) {
    // SAFETY: the span's lifetime, which the reader copies, bounds every use of the pointer.
    let buffer = unsafe records.withUnsafeBytes { unsafe $0 }
    cursor = unsafe RecordCursor(buffer)
    unreadCount = header.recordCount
    baseOffset = header.baseOffset.rawValue
    lastOffsetDelta = Int(header.lastOffsetDelta)
    let isLogAppendTime = header.attributes.isLogAppendTime
    timestampBase =
      isLogAppendTime ? header.maxTimestampMilliseconds : header.baseTimestampMilliseconds
    timestampDeltaMask = isLogAppendTime ? 0 : -1
  }

  /// Returns the next record, or nil after the last.
  ///
  /// HOT: once per record that is read.
  @inlinable @inline(always)
  @_lifetime(copy self)
  package mutating func next() throws(FormatError) -> RecordView? {
    guard unreadCount > 0 else {
      if cursor.remaining != 0 { throw Self.trailingBytesError(cursor.remaining) }
      return nil
    }
    unreadCount &-= 1
    let length = try cursor.varint()
    let remaining = cursor.remaining
    guard length >= 0, length <= remaining else {
      throw RecordCursor.lengthError(field: "record length", length: length, remaining: remaining)
    }
    // Fields are bounded by the end of the batch; that they end with the record is checked last.
    var record = cursor
    let end = unsafe record.next + length
    try record.skip(1, field: "record attributes")
    let timestampDelta = try record.varlong()
    let offsetDelta = try record.varint()
    guard offsetDelta >= 0, offsetDelta <= lastOffsetDelta else {
      throw offsetDeltaError(offsetDelta)
    }
    let tail = unsafe record.next
    let keyCount = try record.varint()
    let keyStart = unsafe record.next
    try record.skipNullable(keyCount, field: "key length")
    let valueCount = try record.varint()
    let valueStart = unsafe record.next
    try record.skipNullable(valueCount, field: "value length")
    let headerCount = try record.varint()
    let headersStart = unsafe record.next
    if headerCount != 0 { record = try RecordBatch.skipHeaders(headerCount, record) }
    if unsafe record.next != end { throw RecordCursor.recordEndError }
    // Equal to record.next, but known early: the processor need not wait for the fields' lengths.
    unsafe cursor.next = end
    let view = unsafe RecordView(
      offset: Offset(rawValue: baseOffset &+ Int64(offsetDelta)),
      timestampMilliseconds: timestampBase &+ (timestampDelta & timestampDeltaMask),
      headerCount: headerCount, tail: tail, keyStart: keyStart, keyCount: keyCount,
      valueStart: valueStart, valueCount: valueCount, headersStart: headersStart, end: end)
    // SAFETY: the view points into the bytes that bound the reader's own lifetime.
    return unsafe _overrideLifetime(view, copying: self)
  }

  @usableFromInline @inline(never)
  static func trailingBytesError(_ count: Int) -> FormatError {
    .invalid(field: "recordCount", reason: "\(count) bytes follow the last record")
  }

  @usableFromInline @inline(never)
  func offsetDeltaError(_ delta: Int) -> FormatError {
    .invalid(field: "offsetDelta", reason: "\(delta) is outside 0...\(lastOffsetDelta)")
  }
}

extension RecordBatch {
  /// Calls `body` with each of the uncompressed `records` until it returns false.
  ///
  /// Returns whether all were visited. Records before a malformed one have been visited when
  /// this throws.
  @inlinable @inline(always)
  @discardableResult
  package static func forEachRecord(
    in records: RawSpan, _ header: RecordBatchHeader, _ body: (borrowing RecordView) -> Bool
  ) throws(FormatError) -> Bool {
    var reader = RecordReader(records, header)
    while let record = try reader.next() {
      if !body(record) { return false }
    }
    return true
  }
}
