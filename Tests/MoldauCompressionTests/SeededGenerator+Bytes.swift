import MoldauDisk

extension SeededGenerator {
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
