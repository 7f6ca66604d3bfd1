/// The 16 bytes that identify a topic, also across its deletion and creation anew.
public struct TopicID: Hashable, Sendable {
  /// The first eight bytes.
  public var high: UInt64
  /// The last eight bytes.
  public var low: UInt64

  /// The id of these sixteen bytes.
  @inlinable
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The id that stands for none.
  public static let zero = TopicID(high: 0, low: 0)

  /// The number of characters of the text form.
  package static let base64Count = 22

  /// Reads the 22 characters of URL-safe base64 that Kafka prints; nil when they are not such.
  public init?(base64 text: String) {
    var value: (high: UInt64, low: UInt64) = (0, 0)
    var count = 0
    for character in text.utf8 {
      guard count < Self.base64Count, let digit = Self.digit(of: character) else { return nil }
      count += 1
      // The last digit carries the two low bits of the id and four zero bits.
      let isLast = count == Self.base64Count
      if isLast, digit & 0x0F != 0 { return nil }
      let width: UInt64 = isLast ? 2 : 6
      value.high = value.high << width | value.low >> (64 - width)
      value.low = value.low << width | (isLast ? digit >> 4 : digit)
    }
    guard count == Self.base64Count else { return nil }
    self.init(high: value.high, low: value.low)
  }

  /// The 22 characters of URL-safe base64 that Kafka prints.
  public var base64: String {
    var rest = (high: high, low: low)
    var characters: [UInt8] = []
    for _ in 0..<(Self.base64Count - 1) {
      characters.append(Self.alphabet[Int(rest.high >> 58)])
      rest.high = rest.high << 6 | rest.low >> 58
      rest.low <<= 6
    }
    characters.append(Self.alphabet[Int(rest.high >> 58)])
    return String(decoding: characters, as: UTF8.self)
  }

  /// Returns a random id (a version 4 UUID) that is none of the reserved ones.
  ///
  /// Its text never starts with a dash, which command lines would take for an option.
  public static func random(using generator: inout some RandomNumberGenerator) -> TopicID {
    while true {
      let version = generator.next() & ~0xF000 | 0x4000
      let variant = generator.next() & ~(0xC0 << 56) | 0x80 << 56
      let id = TopicID(high: version, low: variant)
      if !id.base64.hasPrefix("-") { return id }
    }
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  private static func digit(of character: UInt8) -> UInt64? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "-"): 62
    case UInt8(ascii: "_"): 63
    default: nil
    }
  }
}

extension TopicID: CustomStringConvertible {
  public var description: String { base64 }
}

extension TopicID {
  /// Reads the 16 bytes at the start of `bytes`.
  package init(parsing bytes: RawSpan) throws(FormatError) {
    guard bytes.byteCount >= 16 else {
      throw .truncated(needed: 16, available: bytes.byteCount)
    }
    self.init(
      high: bytes.bigEndian(UInt64.self, at: 0), low: bytes.bigEndian(UInt64.self, at: 8))
  }

  /// The 32 hexadecimal digits of the id, as the names of deleted folders bear them.
  package var hexadecimal: String {
    [high, low].map { word in
      let digits = String(word, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
