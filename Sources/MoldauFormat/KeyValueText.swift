/// The lines of a text file that gives each key a value.
enum KeyValueText {
  /// Returns the keys and values of a Java properties file, in its order.
  ///
  /// Lines that start with `#` or `!` are comments. A key ends at the first `=` or `:`, and a
  /// backslash takes the character after it as it is. Lines that go on in the next are refused.
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

  /// Returns `text` with a backslash before each character that would end a key or start a comment.
  static func escape(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      if "\\=:#! \t".unicodeScalars.contains(scalar) { escaped.unicodeScalars.append("\\") }
      escaped.unicodeScalars.append(scalar)
    }
    return escaped
  }

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
      guard let escaped = rest.popFirst() else {
        throw .invalid(field: name, reason: "a line goes on in the next")
      }
      result.unicodeScalars.append(escaped)
      trailingBlankCount = 0
    }
    guard !upToSeparator else { throw .invalid(field: name, reason: "a line has no '='") }
    return (result, rest)
  }
}
