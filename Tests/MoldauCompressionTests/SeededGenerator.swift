/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Makes `count` bytes of pure chance.
  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  /// Makes `count` bytes in which pieces of a few random bytes come again and again.
  mutating func compressibleBytes(_ count: Int) -> [UInt8] {
    let words = (0..<16).map { _ in bytes(Int.random(in: 1...40, using: &self)) }
    var output: [UInt8] = []
    while output.count < count {
      output += words[Int(next() % 16)]
    }
    return Array(output.prefix(count))
  }
}
