/// Variable-length zigzag integers as records write them: seven bits a byte, the lowest first.
@usableFromInline
package enum Varint {
  /// The most bytes that a 32-bit integer takes.
  @inlinable package static var maxByteCount32: Int { 5 }
  /// The most bytes that a 64-bit integer takes.
  @inlinable package static var maxByteCount64: Int { 10 }

  /// Returns `value` with its sign moved to the lowest bit, so that small magnitudes stay short.
  @inlinable @inline(always)
  package static func zigzag(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
  }

  /// Returns the number of bytes that `value` takes.
  @inlinable @inline(always)
  package static func byteCount(_ value: Int64) -> Int {
    // Nearly all are of one or two bytes, and a branch that is foreseen costs less than the count.
    let coded = zigzag(value)
    return coded < 0x80 ? 1 : coded < 0x4000 ? 2 : longByteCount(coded)
  }

  @usableFromInline @inline(never)
  static func longByteCount(_ coded: UInt64) -> Int {
    // One byte for each seven bits begun: (bits + 6) / 7, as a multiplication and a shift.
    let highestBit = 63 &- coded.leadingZeroBitCount
    return (highestBit &* 9 &+ 73) &>> 6
  }

  /// Writes `value` at `next` and moves it past.
  ///
  /// - Precondition: the bytes are writable: `maxByteCount64`, or fewer for a smaller value.
  @inlinable @inline(always)
  package static func write(_ value: Int64, to next: inout UnsafeMutableRawPointer) {
    let coded = zigzag(value)
    // SAFETY: the caller vouches for as many bytes as the value takes.
    if coded < 0x80 {
      unsafe next.storeBytes(of: UInt8(truncatingIfNeeded: coded), as: UInt8.self)
      unsafe next += 1
    } else if coded < 0x4000 {
      let pair = UInt16(truncatingIfNeeded: (coded & 0x7F) | 0x80 | (coded &>> 7) &<< 8)
      unsafe next.storeBytes(of: pair.littleEndian, as: UInt16.self)
      unsafe next += 2
    } else {
      unsafe next = writeLong(coded, to: next)
    }
  }

  /// Writes a zigzag integer of any length and returns where it ends.
  @usableFromInline @inline(never)
  package static func writeLong(
    _ coded: UInt64, to start: UnsafeMutableRawPointer
  ) -> UnsafeMutableRawPointer {
    var rest = coded
    var next = unsafe start
    // SAFETY: as for `write`.
    while rest >= 0x80 {
      unsafe next.storeBytes(of: UInt8(truncatingIfNeeded: rest | 0x80), as: UInt8.self)
      unsafe next += 1
      rest &>>= 7
    }
    unsafe next.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
    return unsafe next + 1
  }
}
