extension RecordBatch {
  /// What a walk over a batch's records has found.
  package struct RecordSummary: Equatable, Sendable {
    /// Whether some record has no key, which a compacted topic refuses.
    package var hasNullKey: Bool
    /// The greatest timestamp of a record; the base timestamp when there is none.
    package var maxTimestampMilliseconds: Int64
    /// The least timestamp of a record, leaving out −1, which stands for none; Int64.max when no
    /// record has one.
    package var minTimestampMilliseconds: Int64
  }

  /// Checks the structure of a batch's uncompressed records as a client must send them.
  ///
  /// Every length is exact, the offset deltas are 0, 1, 2 …, there are as many records as the
  /// header says, and nothing follows the last.
  ///
  /// HOT: once per appended batch, its loop once per record.
  @discardableResult
  package static func checkRecords(
    _ records: RawSpan, _ header: RecordBatchHeader
  ) throws(FormatError) -> RecordSummary {
    // SAFETY: the buffer is read within its count and not kept.
    try unsafe records.withUnsafeBytes { (buffer) throws(FormatError) in
      guard let start = buffer.baseAddress else {
        return try emptySummary(header)
      }
      return try unsafe walk(
        RecordCursor(next: start, end: start + buffer.count),
        recordCount: Int(header.recordCount),
        baseTimestampMilliseconds: header.baseTimestampMilliseconds)
    }
  }

  private static func emptySummary(
    _ header: RecordBatchHeader
  ) throws(FormatError) -> RecordSummary {
    if header.recordCount > 0 { throw .truncated(needed: 1, available: 0) }
    return RecordSummary(
      hasNullKey: false, maxTimestampMilliseconds: header.baseTimestampMilliseconds,
      minTimestampMilliseconds: .max)
  }

  private static func walk(
    _ start: RecordCursor, recordCount: Int, baseTimestampMilliseconds: Int64
  ) throws(FormatError) -> RecordSummary {
    var cursor = start
    var hasNullKey = false
    var maxTimestamp = recordCount == 0 ? baseTimestampMilliseconds : Int64.min
    var minTimestamp = Int64.max
    var index = 0
    while index < recordCount {
      let length = try cursor.varint()
      guard length >= 0, length <= cursor.remaining else {
        throw RecordCursor.lengthError(
          field: "record length", length: length, remaining: cursor.remaining)
      }
      // Fields are bounded by the end of the batch; that they end with the record is checked last.
      let end = unsafe cursor.next + length
      try cursor.skip(1, field: "record attributes")
      let timestamp = baseTimestampMilliseconds &+ (try cursor.varlong())
      maxTimestamp = max(maxTimestamp, timestamp)
      minTimestamp = timestamp == -1 ? minTimestamp : min(minTimestamp, timestamp)
      let offsetDelta = try cursor.varint()
      if offsetDelta != index {
        throw .invalid(field: "offsetDelta", reason: "\(offsetDelta) instead of \(index)")
      }
      let keyLength = try cursor.varint()
      try cursor.skipNullable(keyLength, field: "key length")
      hasNullKey = hasNullKey || keyLength < 0
      try cursor.skipNullable(try cursor.varint(), field: "value length")
      let headerCount = try cursor.varint()
      if headerCount != 0 { cursor = try skipHeaders(headerCount, cursor) }
      if unsafe cursor.next != end { throw RecordCursor.recordEndError }
      // Equal, but known early: the processor need not wait for the fields' lengths.
      unsafe cursor.next = end
      index &+= 1
    }
    if cursor.remaining != 0 {
      throw .invalid(
        field: "recordCount", reason: "\(cursor.remaining) bytes follow the last record")
    }
    return RecordSummary(
      hasNullKey: hasNullKey, maxTimestampMilliseconds: maxTimestamp,
      minTimestampMilliseconds: minTimestamp)
  }

  /// Returns the cursor moved past `count` headers of a record.
  @usableFromInline @inline(never)
  package static func skipHeaders(
    _ count: Int, _ start: RecordCursor
  ) throws(FormatError) -> RecordCursor {
    guard count >= 0 else { throw .lengthOutOfRange(field: "headerCount", length: count) }
    var cursor = start
    for _ in 0..<count {
      let nameLength = try cursor.varint()
      try cursor.skip(nameLength, field: "header name length")
      try cursor.skipNullable(try cursor.varint(), field: "header value length")
    }
    return cursor
  }
}
