/// Base 64 (RFC 4648 §4) with padding.
package enum Base64 {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let padding = UInt8(ascii: "=")

  /// Appends the text of `bytes` to `text`.
  package static func encode(_ bytes: UnsafeRawBufferPointer, into text: inout [UInt8]) {
    var start = 0
    while start < bytes.count {
      let count = min(3, bytes.count - start)
      var group: UInt32 = 0
      // SAFETY: `start + index` is below the count.
      for index in 0..<3 {
        group = unsafe group << 8 | (index < count ? UInt32(bytes[start + index]) : 0)
      }
      for index in 0..<4 {
        let digit = alphabet[Int(group >> UInt32(18 - 6 * index) & 63)]
        text.append(index <= count ? digit : padding)
      }
      start += 3
    }
  }

  /// Returns the bytes of a text; nil when it is not base 64.
  package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count.isMultiple(of: 4) else { return nil }
    let digits = text.prefix { $0 != padding }
    let paddingCount = text.count - digits.count
    guard paddingCount <= 2, text.suffix(paddingCount).allSatisfy({ $0 == padding }) else {
      return nil
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count * 3 / 4)
    var group: UInt32 = 0
    var bitCount: UInt32 = 0
    for character in digits {
      guard let digit = value(of: character) else { return nil }
      group = group << 6 | digit
      bitCount += 6
      guard bitCount >= 8 else { continue }
      bitCount -= 8
      bytes.append(UInt8(truncatingIfNeeded: group >> bitCount))
      group &= (1 << bitCount) - 1
    }
    return group == 0 ? bytes : nil
  }

  private static func value(of character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
