/// The record values that all rows write: 100 bytes each, no two alike.
struct Values {
  static let valueSize = 100

  /// The values, end to end.
  let bytes: [UInt8]
  var count: Int { bytes.count / Self.valueSize }

  init(count: Int, seed: UInt64) {
    var generator = SplitMix64(state: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * Self.valueSize + 8)
    while bytes.count < count * Self.valueSize {
      // Letters, since real values are seldom random bits.
      let bits = generator.next()
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        bytes.append(UInt8(ascii: "a") + UInt8((bits >> shift) & 15))
      }
    }
    bytes.removeLast(bytes.count - count * Self.valueSize)
    self.bytes = bytes
  }

  /// The value at `index`.
  subscript(index: Int) -> ArraySlice<UInt8> {
    bytes[index * Self.valueSize..<(index + 1) * Self.valueSize]
  }
}

/// A small generator with a printed seed (Steele, Lea, Flood: SplitMix64).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
