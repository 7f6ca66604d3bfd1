import MoldauFormat

/// 128 bits that stand for a record's key.
struct KeyHash: Equatable, Sendable {
  var high: UInt64
  var low: UInt64
}

/// SipHash-2-4 with a result of 128 bits (Aumasson and Bernstein).
///
/// Under a secret that is drawn anew for each pass, so that nobody can choose keys that meet:
/// docs/decisions/compaction.md. A value, for any thread.
struct KeyHasher: Sendable {
  private let secret: (UInt64, UInt64)

  init(secret: (UInt64, UInt64)) {
    self.secret = secret
  }

  init(using generator: inout some RandomNumberGenerator) {
    secret = (generator.next(), generator.next())
  }

  /// HOT: once per record of a pass, twice for those of the dirty section.
  func hash(_ key: RawSpan) -> KeyHash {
    var v0 = secret.0 ^ 0x736f_6d65_7073_6575
    var v1 = secret.1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
    var v2 = secret.0 ^ 0x6c79_6765_6e65_7261
    var v3 = secret.1 ^ 0x7465_6462_7974_6573
    let count = key.byteCount
    let wholeCount = count & ~7
    for start in stride(from: 0, to: wholeCount, by: 8) {
      // SAFETY: the load checks its bounds, and every bit pattern is a valid integer.
      let word = unsafe UInt64(
        littleEndian: key.unsafeLoadUnaligned(fromByteOffset: start, as: UInt64.self))
      v3 ^= word
      Self.round(&v0, &v1, &v2, &v3)
      Self.round(&v0, &v1, &v2, &v3)
      v0 ^= word
    }
    var last = UInt64(truncatingIfNeeded: count) &<< 56
    for index in wholeCount..<count {
      // SAFETY: as above.
      let byte = unsafe key.unsafeLoad(fromByteOffset: index, as: UInt8.self)
      last |= UInt64(byte) &<< UInt64(8 * (index - wholeCount))
    }
    v3 ^= last
    Self.round(&v0, &v1, &v2, &v3)
    Self.round(&v0, &v1, &v2, &v3)
    v0 ^= last
    v2 ^= 0xee
    for _ in 0..<4 { Self.round(&v0, &v1, &v2, &v3) }
    let low = v0 ^ v1 ^ v2 ^ v3
    v1 ^= 0xdd
    for _ in 0..<4 { Self.round(&v0, &v1, &v2, &v3) }
    return KeyHash(high: v0 ^ v1 ^ v2 ^ v3, low: low)
  }

  @inline(__always)
  private static func round(
    _ v0: inout UInt64, _ v1: inout UInt64, _ v2: inout UInt64, _ v3: inout UInt64
  ) {
    v0 = v0 &+ v1
    v2 = v2 &+ v3
    v1 = v1 &<< 13 | v1 &>> 51
    v3 = v3 &<< 16 | v3 &>> 48
    v1 ^= v0
    v3 ^= v2
    v0 = v0 &<< 32 | v0 &>> 32
    v2 = v2 &+ v1
    v0 = v0 &+ v3
    v1 = v1 &<< 17 | v1 &>> 47
    v3 = v3 &<< 21 | v3 &>> 43
    v1 ^= v2
    v3 ^= v0
    v2 = v2 &<< 32 | v2 &>> 32
  }
}
