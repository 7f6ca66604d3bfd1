/// Chooses partitions by key as Kafka's clients do, so that both put a key in the same place.
enum KeyPartitioner {
  /// The partition of `partitionCount` in which records of `key` belong.
  static func partition(of key: [UInt8], partitionCount: Int) -> Int {
    Int(murmur2(key) & 0x7FFF_FFFF) % partitionCount
  }

  /// MurmurHash2, 32 bits, with the seed that Kafka's clients use.
  static func murmur2(_ bytes: [UInt8]) -> UInt32 {
    let multiplier: UInt32 = 0x5BD1_E995
    var hash: UInt32 = 0x9747_B28C ^ UInt32(truncatingIfNeeded: bytes.count)
    let wholeCount = bytes.count & ~3
    var index = 0
    while index < wholeCount {
      var word =
        UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
        | UInt32(bytes[index + 3]) << 24
      word &*= multiplier
      word ^= word >> 24
      word &*= multiplier
      hash &*= multiplier
      hash ^= word
      index += 4
    }
    let rest = bytes.count - wholeCount
    if rest > 2 { hash ^= UInt32(bytes[wholeCount + 2]) << 16 }
    if rest > 1 { hash ^= UInt32(bytes[wholeCount + 1]) << 8 }
    if rest > 0 {
      hash ^= UInt32(bytes[wholeCount])
      hash &*= multiplier
    }
    hash ^= hash >> 13
    hash &*= multiplier
    hash ^= hash >> 15
    return hash
  }
}
