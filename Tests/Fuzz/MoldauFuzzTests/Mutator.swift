import MoldauDisk

/// Changes inputs a little; the same seed makes the same changes.
struct Mutator {
  private var generator: SeededGenerator

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  /// Returns one of `inputs` with one to four changes.
  mutating func mutation(of inputs: [[UInt8]]) -> [UInt8] {
    var bytes = inputs[index(in: inputs)]
    for _ in 0...index(below: 4) {
      change(&bytes, with: inputs[index(in: inputs)])
    }
    return bytes
  }

  private mutating func change(_ bytes: inout [UInt8], with other: [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = other
      return
    }
    let position = index(in: bytes)
    switch index(below: 6) {
    case 0: bytes[position] ^= 1 << UInt8(index(below: 8))
    case 1: bytes[position] = Self.extremes[index(in: Self.extremes)]
    case 2: bytes.removeSubrange(position..<min(bytes.count, position + 1 + index(below: 8)))
    case 3: bytes.insert(contentsOf: bytes.prefix(index(below: 9)), at: position)
    case 4: bytes.replaceSubrange(position..., with: other.suffix(index(below: 64)))
    default:
      // Lengths and counts are wide: change four bytes at once.
      for index in position..<min(bytes.count, position + 4) {
        bytes[index] = Self.extremes[self.index(in: Self.extremes)]
      }
    }
  }

  private static let extremes: [UInt8] = [0x00, 0x01, 0x02, 0x7F, 0x80, 0xFE, 0xFF]

  private mutating func index(below count: Int) -> Int {
    Int.random(in: 0..<count, using: &generator)
  }

  private mutating func index(in array: [some Any]) -> Int {
    index(below: array.count)
  }
}
