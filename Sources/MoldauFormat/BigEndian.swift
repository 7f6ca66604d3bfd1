// Big-endian loads and stores: every integer of the format is written that way round.

extension RawSpan {
  /// Returns the big-endian integer at byte `offset`; traps when it does not fit in the span.
  @inlinable @inline(always)
  package func bigEndian<I: FixedWidthInteger & BitwiseCopyable>(_: I.Type, at offset: Int) -> I {
    // SAFETY: the load checks its bounds, and every bit pattern is a valid integer.
    unsafe I(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: I.self))
  }
}

extension UnsafeRawPointer {
  /// Returns the big-endian integer `offset` bytes further on.
  ///
  /// - Precondition: the caller knows that those bytes are readable; nothing is checked.
  @inlinable @inline(always)
  package func bigEndian<I: FixedWidthInteger & BitwiseCopyable>(_: I.Type, at offset: Int) -> I {
    // SAFETY: the caller vouches for the bytes, and every bit pattern is a valid integer.
    unsafe I(bigEndian: loadUnaligned(fromByteOffset: offset, as: I.self))
  }
}

extension UnsafeMutableRawPointer {
  /// Stores `value` big-endian, `offset` bytes further on.
  ///
  /// - Precondition: the caller knows that those bytes are writable; nothing is checked.
  @inlinable @inline(always)
  package func storeBigEndian<I: FixedWidthInteger & BitwiseCopyable>(_ value: I, at offset: Int) {
    // SAFETY: the caller vouches for the bytes; integers are trivial values.
    unsafe storeBytes(of: value.bigEndian, toByteOffset: offset, as: I.self)
  }
}

extension [UInt8] {
  /// Appends the big-endian bytes of `value`.
  @inlinable
  package mutating func appendBigEndian<I: FixedWidthInteger>(_ value: I) {
    var shift = I.bitWidth
    while shift > 0 {
      shift -= 8
      append(UInt8(truncatingIfNeeded: value >> I(truncatingIfNeeded: shift)))
    }
  }
}
