/// The lines of a text file that gives each key a value.
enum KeyValueText {
  /// Returns the keys and values of a Java properties file, in its order.
  ///
  /// Lines that start with `#` or `!` are comments. A key ends at the first `=` or `:`. After a
  /// backslash, `t`, `n`, `r`, `f` and `uXXXX` mean what they do in Java, and any other character
  /// itself. Lines that go on in the next are refused.
  static func parse(
    _ bytes: RawSpan, name: String
  ) throws(FormatError) -> [(key: String, value: String)] {
    let text = try String.validating(bytes, field: name)
    var pairs: [(key: String, value: String)] = []
    for line in text.unicodeScalars.split(whereSeparator: { $0 == "\n" || $0 == "\r" }) {
      let content = trimmed(line)
      guard let first = content.first, first != "#", first != "!" else { continue }
      let (key, rest) = try unescape(content, upToSeparator: true, name: name)
      let (value, _) = try unescape(trimmed(rest), upToSeparator: false, name: name)
      pairs.append((key, value))
    }
    return pairs
  }

  /// Returns `text` so that `parse` reads it back, as a key or a value on a line.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      if let letter = controlLetters.first(where: { $0.scalar == scalar })?.letter {
        escaped.unicodeScalars.append(contentsOf: ["\\", letter])
        continue
      }
      if "\\=:#! ".unicodeScalars.contains(scalar) { escaped.unicodeScalars.append("\\") }
      escaped.unicodeScalars.append(scalar)
    }
    return escaped
  }

  private static let controlLetters: [(letter: Unicode.Scalar, scalar: Unicode.Scalar)] = [
    ("t", "\t"), ("n", "\n"), ("r", "\r"), ("f", "\u{0C}"),
  ]

  private typealias Scalars = Substring.UnicodeScalarView

  private static func trimmed(_ text: Scalars) -> Scalars {
    text.drop { $0 == " " || $0 == "\t" }
  }

  private static func unescape(
    _ text: Scalars, upToSeparator: Bool, name: String
  ) throws(FormatError) -> (text: String, rest: Scalars) {
    var result = ""
    // Blanks before the separator are not the key's, unless escaped.
    var trailingBlankCount = 0
    var rest = text
    while let scalar = rest.popFirst() {
      if upToSeparator, scalar == "=" || scalar == ":" {
        return (String(result.unicodeScalars.dropLast(trailingBlankCount)), rest)
      }
      guard scalar == "\\" else {
        result.unicodeScalars.append(scalar)
        trailingBlankCount = scalar == " " || scalar == "\t" ? trailingBlankCount + 1 : 0
        continue
      }
      result.unicodeScalars.append(try unescapeOne(&rest, name: name))
      trailingBlankCount = 0
    }
    guard !upToSeparator else { throw .invalid(field: name, reason: "a line has no '='") }
    return (result, rest)
  }

  /// Takes from `rest` what follows a backslash.
  private static func unescapeOne(
    _ rest: inout Scalars, name: String
  ) throws(FormatError) -> Unicode.Scalar {
    guard let letter = rest.popFirst() else {
      throw .invalid(field: name, reason: "a line goes on in the next")
    }
    if letter == "u" {
      let digits = rest.prefix(4)
      guard digits.count == 4, digits.allSatisfy(\.properties.isASCIIHexDigit),
        let code = UInt32(String(digits), radix: 16),
        let scalar = Unicode.Scalar(code)
      else { throw .invalid(field: name, reason: "a '\\u' has no four digits of a character") }
      rest.removeFirst(4)
      return scalar
    }
    return controlLetters.first { $0.letter == letter }?.scalar ?? letter
  }
}
