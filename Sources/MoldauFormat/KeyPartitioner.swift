/// Which partition the records of a key go to: as Kafka's own producers choose it.
///
/// MurmurHash2 of 32 bits (Austin Appleby, public domain) with Kafka's seed, its sign taken off,
/// modulo the number of partitions.
package enum KeyPartitioner {
  private static let seed: UInt32 = 0x9747_B28C
  private static let multiplier: UInt32 = 0x5BD1_E995

  /// - Precondition: `partitionCount > 0`.
  package static func partition(of key: RawSpan, partitionCount: Int) -> Int {
    precondition(partitionCount > 0, "a topic has a partition at least")
    return Int(hash(key) & 0x7FFF_FFFF) % partitionCount
  }

  /// - Complexity: O(bytes); no allocation.
  package static func hash(_ key: RawSpan) -> UInt32 {
    let count = key.byteCount
    var hash = seed ^ UInt32(truncatingIfNeeded: count)
    var position = 0
    while position &+ 4 <= count {
      var word = littleEndian(key, position, 4)
      word = word &* multiplier
      word ^= word &>> 24
      word = word &* multiplier
      hash = (hash &* multiplier) ^ word
      position &+= 4
    }
    if position < count {
      hash ^= littleEndian(key, position, count &- position)
      hash = hash &* multiplier
    }
    hash ^= hash &>> 13
    hash = hash &* multiplier
    return hash ^ (hash &>> 15)
  }

  private static func littleEndian(_ bytes: RawSpan, _ position: Int, _ count: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in 0..<count {
      // SAFETY: the load checks its bounds, and every bit pattern is a valid byte.
      let byte = unsafe bytes.unsafeLoad(fromByteOffset: position &+ index, as: UInt8.self)
      value |= UInt32(byte) &<< UInt32(8 &* index)
    }
    return value
  }
}
