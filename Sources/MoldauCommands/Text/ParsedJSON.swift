/// A JSON value (RFC 8259) as far as records need it.
enum ParsedJSON: Equatable {
  case null
  case boolean(Bool)
  /// A number that an integer of 64 bits holds exactly.
  case integer(Int64)
  /// Another number.
  case number
  case string(String)
  case array([ParsedJSON])
  /// The members in their order, each with where its value stands in the text.
  case object([Member])

  struct Member: Equatable {
    var name: String
    var value: ParsedJSON
    var range: Range<Int>
  }

  /// What is wrong with a text, and at which byte.
  struct Failure: Error, Equatable {
    let position: Int
    let reason: String
  }

  /// Reads a text that is one value and nothing else.
  init(parsing bytes: [UInt8]) throws(Failure) {
    var parser = JSONParser(bytes)
    self = try parser.value(depth: 0)
    try parser.expectEnd()
  }
}

/// Reads JSON, one value after the other.
private struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private func failure(_ reason: String) -> ParsedJSON.Failure {
    ParsedJSON.Failure(position: position, reason: reason)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard let byte = next, UInt32(byte) == character.value else { return false }
    position += 1
    return true
  }

  mutating func expectEnd() throws(ParsedJSON.Failure) {
    skipSpace()
    if next != nil { throw failure("something follows the value") }
  }

  /// Leaves the position behind the value.
  mutating func value(depth: Int) throws(ParsedJSON.Failure) -> ParsedJSON {
    guard depth <= Limits.maxJSONDepth else { throw failure("it is nested too deep") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return .object(try members(depth))
    case UInt8(ascii: "["): return .array(try elements(depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw failure("a value is missing")
    default: return try number()
    }
  }

  private mutating func word(
    _ word: String, _ value: ParsedJSON
  ) throws(ParsedJSON.Failure) -> ParsedJSON {
    guard bytes[position...].starts(with: word.utf8) else { throw failure("no value begins so") }
    position += word.utf8.count
    return value
  }

  private mutating func members(_ depth: Int) throws(ParsedJSON.Failure) -> [ParsedJSON.Member] {
    position += 1
    var members: [ParsedJSON.Member] = []
    skipSpace()
    if take("}") { return members }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw failure("a name in quotes is missing") }
      let name = try string()
      skipSpace()
      guard take(":") else { throw failure("a colon is missing") }
      skipSpace()
      let start = position
      let value = try value(depth: depth + 1)
      members.append(.init(name: name, value: value, range: start..<position))
      skipSpace()
      if take("}") { return members }
      guard take(",") else { throw failure("a comma or } is missing") }
    }
  }

  private mutating func elements(_ depth: Int) throws(ParsedJSON.Failure) -> [ParsedJSON] {
    position += 1
    var elements: [ParsedJSON] = []
    skipSpace()
    if take("]") { return elements }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      if take("]") { return elements }
      guard take(",") else { throw failure("a comma or ] is missing") }
    }
  }

  private mutating func number() throws(ParsedJSON.Failure) -> ParsedJSON {
    let start = position
    _ = take("-")
    let firstDigit = position
    let digitCount = skipDigits()
    guard digitCount > 0, digitCount == 1 || bytes[firstDigit] != UInt8(ascii: "0") else {
      throw failure("no value begins so")
    }
    var isInteger = true
    if take(".") {
      isInteger = false
      guard skipDigits() > 0 else { throw failure("a digit is missing") }
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      guard skipDigits() > 0 else { throw failure("a digit is missing") }
    }
    guard isInteger else { return .number }
    return Int64(String(decoding: bytes[start..<position], as: UTF8.self))
      .map { .integer($0) } ?? .number
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    return position - start
  }

  private mutating func string() throws(ParsedJSON.Failure) -> String {
    position += 1
    var text: [UInt8] = []
    while true {
      guard let byte = next else { throw failure("a quote is missing") }
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw failure("the string is not UTF-8")
        }
        return string
      case UInt8(ascii: "\\"):
        position += 1
        text += String(try escaped()).utf8
      case ..<0x20:
        throw failure("a control character stands in a string")
      default:
        text.append(byte)
        position += 1
      }
    }
  }

  private mutating func escaped() throws(ParsedJSON.Failure) -> Unicode.Scalar {
    guard let byte = next else { throw failure("a quote is missing") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try escapedScalar()
    default: throw failure("a backslash stands before something else")
    }
  }

  /// Four digits, and four more where the first are half of a pair; a half alone is U+FFFD.
  private mutating func escapedScalar() throws(ParsedJSON.Failure) -> Unicode.Scalar {
    let first = try fourDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard (0xD800..<0xDC00).contains(first),
      bytes[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
    else { return "\u{FFFD}" }
    let before = position
    position += 2
    let second = try fourDigits()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else {
      position = before
      return "\u{FFFD}"
    }
    return scalar
  }

  private mutating func fourDigits() throws(ParsedJSON.Failure) -> UInt32 {
    let digits = bytes[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw failure("four hexadecimal digits are missing") }
    position += 4
    return value
  }
}
