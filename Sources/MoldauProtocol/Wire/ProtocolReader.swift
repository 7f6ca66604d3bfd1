/// A cursor over the bytes of one frame (the frame's size already taken off).
///
/// Borrows the frame and copies nothing. Every read checks its bounds first and throws; no input
/// traps. One thread.
package struct ProtocolReader: ~Escapable {
  private let bytes: RawSpan
  /// The next byte to read, counted from the start of the frame.
  package private(set) var position: Int
  /// Reading stops here: the end of the frame, or of the tagged field being read.
  private var end: Int
  private var elementsLeft = Limits.arrayElementCount

  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan) {
    self.bytes = bytes
    position = 0
    end = bytes.byteCount
  }

  @_lifetime(copy bytes)
  package init(_ bytes: Span<UInt8>) {
    // SAFETY: bytes have no padding between them.
    self.init(unsafe bytes.bytes)
  }

  package var remaining: Int { end &- position }

  /// Returns a fixed-width integer, big-endian.
  @inline(__always)
  package mutating func integer<I: FixedWidthInteger & BitwiseCopyable>(
    _: I.Type = I.self
  ) throws(ProtocolError) -> I {
    let start = try take(MemoryLayout<I>.size)
    // SAFETY: `take` checked the bounds, and every bit pattern is a valid integer.
    let stored = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: start, as: I.self)
    return I(bigEndian: stored)
  }

  /// Returns an unsigned variable-length integer (base 128, least significant group first).
  package mutating func unsignedVarint() throws(ProtocolError) -> UInt32 {
    let start = position
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 35 {
      let byte = try integer(UInt8.self)
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 {
        guard let result = UInt32(exactly: value) else { break }
        return result
      }
      shift &+= 7
    }
    throw ProtocolError(.malformedVarint, at: start)
  }

  /// Returns the length in front of a string, or nil for null.
  @inline(__always)
  package mutating func stringLength(isCompact: Bool) throws(ProtocolError) -> Int? {
    let start = position
    let length =
      isCompact ? Int(try unsignedVarint()) &- 1 : Int(try integer(Int16.self))
    guard length <= Limits.stringByteCount, length >= -1 else {
      throw ProtocolError(.lengthOutOfRange(length), at: start)
    }
    return length < 0 ? nil : length
  }

  /// Returns the length in front of bytes or records, or nil for null.
  package mutating func bytesLength(isCompact: Bool) throws(ProtocolError) -> Int? {
    let start = position
    let length =
      isCompact ? Int(try unsignedVarint()) &- 1 : Int(try integer(Int32.self))
    guard length >= -1 else { throw ProtocolError(.lengthOutOfRange(length), at: start) }
    return length < 0 ? nil : length
  }

  /// Returns the element count in front of an array, or nil for null.
  ///
  /// Each element takes a byte at least, so the count never exceeds what is left of the frame.
  package mutating func arrayCount(isCompact: Bool) throws(ProtocolError) -> Int? {
    let start = position
    guard let count = try bytesLength(isCompact: isCompact) else { return nil }
    guard count <= remaining else {
      throw ProtocolError(.truncated(needed: count, available: remaining), at: start)
    }
    guard count <= elementsLeft else { throw ProtocolError(.tooManyElements, at: start) }
    elementsLeft &-= count
    return count
  }

  /// Returns `byteCount` bytes as text; bytes that are not UTF-8 become U+FFFD, as in Kafka.
  package mutating func text(byteCount: Int) throws(ProtocolError) -> String {
    let start = try take(byteCount)
    // SAFETY: `take` checked the bounds; the bytes are copied before the call returns.
    return unsafe bytes.withUnsafeBytes { all in
      unsafe String(
        decoding: UnsafeRawBufferPointer(rebasing: all[start..<(start &+ byteCount)]),
        as: UTF8.self)
    }
  }

  /// Returns a copy of the next `byteCount` bytes.
  package mutating func bytes(byteCount: Int) throws(ProtocolError) -> [UInt8] {
    let start = try take(byteCount)
    // SAFETY: `take` checked the bounds; the bytes are copied before the call returns.
    return unsafe bytes.withUnsafeBytes { all in
      unsafe Array(all[start..<(start &+ byteCount)])
    }
  }

  /// Moves behind the next `byteCount` bytes and returns where they start.
  @inline(__always)
  package mutating func take(_ byteCount: Int) throws(ProtocolError) -> Int {
    guard byteCount <= remaining else {
      throw ProtocolError(.truncated(needed: byteCount, available: remaining), at: position)
    }
    let start = position
    position = start &+ byteCount
    return start
  }

  /// Ends reading `byteCount` bytes further on; returns the end that held before.
  mutating func narrow(to byteCount: Int) throws(ProtocolError) -> Int {
    guard byteCount <= remaining else {
      throw ProtocolError(.truncated(needed: byteCount, available: remaining), at: position)
    }
    let outer = end
    end = position &+ byteCount
    return outer
  }

  mutating func widen(to outer: Int) {
    precondition(outer >= end, "a narrowed reader widens to where it was")
    end = outer
  }

  /// Throws when anything is left of the frame.
  package func expectEnd() throws(ProtocolError) {
    guard remaining == 0 else {
      throw ProtocolError(.trailingBytes(count: remaining), at: position)
    }
  }
}
