/// The text form that the checkpoints share: `0`, the number of entries, an entry a line.
///
/// Format: docs/format/offset-checkpoints.md.
enum CheckpointText {
  static let version = 0

  /// Returns the file of `lines`.
  static func encode(_ lines: [String]) -> [UInt8] {
    var bytes = Array("\(version)\n\(lines.count)\n".utf8)
    for line in lines {
      bytes.append(contentsOf: line.utf8)
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }

  /// Returns the fields of every line after the first two.
  ///
  /// Throws unless each has `fieldCount` fields and there are as many as the second line says.
  static func parse(
    _ bytes: RawSpan, fieldCount: Int, name: String
  ) throws(FormatError) -> [[Substring.UTF8View]] {
    let text = try String.validating(bytes, field: name)
    var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if lines.last?.isEmpty == true { lines.removeLast() }
    guard let first = lines.first, let version = CanonicalDecimal.parse(first) else {
      throw .invalid(field: name, reason: "the first line is not a version")
    }
    guard version == Int64(Self.version) else {
      throw .unsupportedVersion(field: name, version: Int(version))
    }
    guard lines.count >= 2, let count = CanonicalDecimal.parse(lines[1]) else {
      throw .invalid(field: name, reason: "the second line is not a number of entries")
    }
    guard count == Int64(lines.count - 2) else {
      throw .invalid(
        field: name, reason: "it says \(count) entries and has \(lines.count - 2) lines of them")
    }
    var entries: [[Substring.UTF8View]] = []
    for (index, line) in lines.enumerated().dropFirst(2) {
      let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard fields.count == fieldCount else {
        throw .invalid(
          field: name,
          reason: "line \(index + 1) has \(fields.count) fields instead of \(fieldCount)")
      }
      entries.append(fields)
    }
    return entries
  }

  /// Returns the number that `text` spells.
  static func number<I: FixedWidthInteger>(
    _ text: Substring.UTF8View, _: I.Type, field: String
  ) throws(FormatError) -> I {
    guard let value = CanonicalDecimal.parse(text), let number = I(exactly: value), number >= 0
    else {
      throw .invalid(field: field, reason: "'\(Substring(text))' is not a number of that field")
    }
    return number
  }
}

extension String {
  /// Returns the text of `bytes`; throws when they are not UTF-8.
  static func validating(_ bytes: RawSpan, field: String) throws(FormatError) -> String {
    // SAFETY: the buffer is read within its count and not kept.
    let text = unsafe bytes.withUnsafeBytes { unsafe String(validating: $0, as: UTF8.self) }
    guard let text else { throw .invalid(field: field, reason: "it is not UTF-8") }
    return text
  }
}
