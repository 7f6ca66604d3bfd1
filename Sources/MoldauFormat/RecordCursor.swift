/// Reads the fields of records one after another and never past their end.
///
/// One of two audited pointer kernels: docs/decisions/records-and-checksums.md.
/// INVARIANT: `next <= end`, and all bytes between them are readable.
@safe
@usableFromInline
package struct RecordCursor {
  @usableFromInline package var next: UnsafeRawPointer
  @usableFromInline package var end: UnsafeRawPointer

  /// - Precondition: the bytes outlive the cursor.
  @inlinable @inline(always)
  package init(next: UnsafeRawPointer, end: UnsafeRawPointer) {
    unsafe self.next = next
    unsafe self.end = end
  }

  /// - Precondition: the bytes outlive the cursor.
  @inlinable @inline(always)
  package init(_ bytes: UnsafeRawBufferPointer) {
    // SAFETY: an empty buffer may have no address; the cursor reads nothing from the one here,
    // which is not null.
    let start = unsafe bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1).unsafelyUnwrapped
    unsafe self.init(next: start, end: start + bytes.count)
  }

  /// The number of bytes not yet read.
  @inlinable @inline(always)
  package var remaining: Int { unsafe end - next }

  /// Reads a zigzag integer of up to 32 bits.
  @inlinable @inline(always)
  package mutating func varint() throws(FormatError) -> Int {
    let left = remaining
    if left > 1 {
      // SAFETY: at least two bytes remain.
      let first = unsafe next.load(as: UInt8.self)
      if first < 0x80 {
        unsafe next += 1
        return Self.unzigzag(UInt(first))
      }
      let second = unsafe next.load(fromByteOffset: 1, as: UInt8.self)
      if second < 0x80 {
        unsafe next += 2
        return Self.unzigzag(UInt(first & 0x7F) | UInt(second) &<< 7)
      }
    }
    let long = try unsafe Self.longVarint(at: next, end: end, byteLimit: 5, lastByteLimit: 0x0F)
    unsafe next = long.next
    return unsafe long.value
  }

  /// Reads a zigzag integer of up to 64 bits.
  @inlinable @inline(always)
  package mutating func varlong() throws(FormatError) -> Int64 {
    let left = remaining
    if left > 1 {
      // SAFETY: at least two bytes remain.
      let first = unsafe next.load(as: UInt8.self)
      if first < 0x80 {
        unsafe next += 1
        return Int64(Self.unzigzag(UInt(first)))
      }
      let second = unsafe next.load(fromByteOffset: 1, as: UInt8.self)
      if second < 0x80 {
        unsafe next += 2
        return Int64(Self.unzigzag(UInt(first & 0x7F) | UInt(second) &<< 7))
      }
    }
    let long = try unsafe Self.longVarint(at: next, end: end, byteLimit: 10, lastByteLimit: 0x01)
    unsafe next = long.next
    return Int64(unsafe long.value)
  }

  /// Reads a zigzag integer of any length and returns it with where it ends.
  ///
  /// A function of plain values: handed its address, the cursor would live in memory.
  @usableFromInline @inline(never)
  package static func longVarint(
    at start: UnsafeRawPointer, end: UnsafeRawPointer, byteLimit: Int, lastByteLimit: UInt8
  ) throws(FormatError) -> (value: Int, next: UnsafeRawPointer) {
    var value: UInt64 = 0
    let available = unsafe end - start
    for index in 0..<byteLimit {
      guard index < available else { throw .truncated(needed: index + 1, available: available) }
      // SAFETY: the byte is one of those available.
      let byte = unsafe start.load(fromByteOffset: index, as: UInt8.self)
      value |= UInt64(byte & 0x7F) &<< UInt64(7 * index)
      if byte < 0x80 {
        if index == byteLimit - 1, byte > lastByteLimit { throw .malformedVarint }
        let result = Int(bitPattern: UInt(value &>> 1)) ^ (0 &- Int(value & 1))
        return unsafe (result, start + (index + 1))
      }
    }
    throw .malformedVarint
  }

  @inlinable @inline(always)
  package static func unzigzag(_ value: UInt) -> Int {
    Int(bitPattern: value &>> 1) ^ (0 &- Int(bitPattern: value & 1))
  }

  /// Moves past `count` bytes.
  @inlinable @inline(always)
  package mutating func skip(_ count: Int, field: StaticString) throws(FormatError) {
    guard UInt(bitPattern: count) <= UInt(bitPattern: remaining) else {
      throw Self.lengthError(field: field, length: count, remaining: remaining)
    }
    unsafe next += count
  }

  /// Moves past the bytes of a length that is −1 for null.
  @inlinable @inline(always)
  package mutating func skipNullable(_ length: Int, field: StaticString) throws(FormatError) {
    if length != -1 { try skip(length, field: field) }
  }

  @usableFromInline @inline(never)
  package static func lengthError(field: StaticString, length: Int, remaining: Int) -> FormatError {
    length < 0
      ? .lengthOutOfRange(field: field.description, length: length)
      : .truncated(needed: length, available: remaining)
  }

  /// What is wrong with a record whose fields end before or after its length says.
  @usableFromInline package static var recordEndError: FormatError {
    @inline(never) get {
      .invalid(field: "record length", reason: "the record's fields end elsewhere")
    }
  }
}
