/// A record where it lies in the batch; valid only while the batch's bytes are.
@safe
public struct RecordView: ~Escapable {
  /// The record's position in its partition.
  public let offset: Offset
  /// Milliseconds since 1970, given by the producer or by the broker.
  public let timestampMilliseconds: Int64
  /// The number of headers.
  public let headerCount: Int

  // INVARIANT: keyStart, valueStart, headersStart and end follow one another in one record, and
  // the walk that made the view has checked all lengths between them.
  @usableFromInline let tail: UnsafeRawPointer
  @usableFromInline let keyStart: UnsafeRawPointer
  /// −1 for null.
  @usableFromInline let keyCount: Int
  @usableFromInline let valueStart: UnsafeRawPointer
  /// −1 for null.
  @usableFromInline let valueCount: Int
  @usableFromInline let headersStart: UnsafeRawPointer
  @usableFromInline let end: UnsafeRawPointer

  /// - Precondition: the bytes outlive every use of the view.
  @inlinable @inline(always)
  @_lifetime(immortal)
  init(
    offset: Offset, timestampMilliseconds: Int64, headerCount: Int, tail: UnsafeRawPointer,
    keyStart: UnsafeRawPointer, keyCount: Int, valueStart: UnsafeRawPointer, valueCount: Int,
    headersStart: UnsafeRawPointer, end: UnsafeRawPointer
  ) {
    self.offset = offset
    self.timestampMilliseconds = timestampMilliseconds
    self.headerCount = headerCount
    unsafe self.tail = tail
    unsafe self.keyStart = keyStart
    self.keyCount = keyCount
    unsafe self.valueStart = valueStart
    self.valueCount = valueCount
    unsafe self.headersStart = headersStart
    unsafe self.end = end
  }

  /// The key; nil when it is null.
  @inlinable
  public var key: RawSpan? {
    @_lifetime(copy self)
    get {
      guard keyCount >= 0 else { return nil }
      // SAFETY: the walk has checked the length, and the view's lifetime bounds the span's.
      let buffer = unsafe UnsafeRawBufferPointer(start: keyStart, count: keyCount)
      return unsafe _overrideLifetime(buffer.bytes, copying: self)
    }
  }

  /// The value; nil when it is null, which marks a deletion in a compacted topic.
  @inlinable
  public var value: RawSpan? {
    @_lifetime(copy self)
    get {
      guard valueCount >= 0 else { return nil }
      // SAFETY: the walk has checked the length, and the view's lifetime bounds the span's.
      let buffer = unsafe UnsafeRawBufferPointer(start: valueStart, count: valueCount)
      return unsafe _overrideLifetime(buffer.bytes, copying: self)
    }
  }

  /// Calls `body` with each header's name, which should be UTF-8, and its value or nil for null.
  public func forEachHeader(_ body: (_ name: RawSpan, _ value: RawSpan?) -> Void) {
    unsafe RecordHeaderWalk(next: headersStart, end: end).forEach(headerCount, body)
  }

  /// The headers, copied; bytes of a name that are not UTF-8 are replaced.
  public var headers: [RecordHeader] {
    var headers: [RecordHeader] = []
    forEachHeader { name, value in
      // SAFETY: the buffers are read within their counts and not kept.
      let text = unsafe name.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
      let bytes = unsafe value?.withUnsafeBytes { unsafe [UInt8]($0) }
      headers.append(RecordHeader(name: text, value: bytes))
    }
    return headers
  }

  /// The number of bytes from the key's length to the end of the record.
  @inlinable
  var tailByteCount: Int { unsafe end - tail }
}

/// Walks over headers whose lengths have been checked.
@safe
struct RecordHeaderWalk {
  private var cursor: RecordCursor

  /// - Precondition: a `RecordCursor` has walked over these bytes before without an error.
  init(next: UnsafeRawPointer, end: UnsafeRawPointer) {
    cursor = unsafe RecordCursor(next: next, end: end)
  }

  func forEach(_ count: Int, _ body: (_ name: RawSpan, _ value: RawSpan?) -> Void) {
    var cursor = cursor
    do throws(FormatError) {
      for _ in 0..<count {
        let nameLength = try cursor.varint()
        let name = unsafe UnsafeRawBufferPointer(start: cursor.next, count: nameLength)
        try cursor.skip(nameLength, field: "header name length")
        let valueLength = try cursor.varint()
        let value = unsafe UnsafeRawBufferPointer(start: cursor.next, count: max(valueLength, 0))
        try cursor.skip(value.count, field: "header value length")
        // SAFETY: both buffers lie between the cursor's bounds.
        if valueLength < 0 {
          unsafe body(name.bytes, nil)
        } else {
          unsafe body(name.bytes, value.bytes)
        }
      }
    } catch {
      preconditionFailure("the walk that made the view has checked its headers: \(error)")
    }
  }
}
