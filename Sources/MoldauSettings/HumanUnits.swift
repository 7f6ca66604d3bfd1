/// Durations and sizes as people write them.
package enum HumanUnits {
  private static let durations: [(suffix: String, milliseconds: Int64)] = [
    ("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000),
    ("ms", 1),
  ]

  private static let sizes: [(suffix: String, bytes: Int)] = [
    ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000), ("B", 1),
  ]

  /// Reads `250ms`, `7d`, `1h30m`; nil when the text is none of that. `0` needs no unit.
  package static func duration(_ text: String) -> Duration? {
    guard !text.isEmpty else { return nil }
    if text == "0" { return .zero }
    var total: Int64 = 0
    var rest = text[...]
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      guard let number = Int64(digits),
        let factor = durations.first(where: { $0.suffix == unit })?.milliseconds
      else { return nil }
      let (part, isTooLong) = number.multipliedReportingOverflow(by: factor)
      let (sum, isSumTooLong) = total.addingReportingOverflow(part)
      guard !isTooLong, !isSumTooLong else { return nil }
      total = sum
    }
    return .milliseconds(total)
  }

  /// Reads `1GiB`, `64KiB`, `1MB`, `4096`; nil when the text is none of that.
  package static func size(_ text: String) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits) else { return nil }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }
    if unit.isEmpty { return number }
    guard
      let factor = sizes.first(where: { $0.suffix.lowercased() == unit.lowercased() })?.bytes
    else { return nil }
    let (size, isTooLarge) = number.multipliedReportingOverflow(by: factor)
    return isTooLarge ? nil : size
  }

  /// The duration in the largest units that say it exactly.
  package static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    var rest = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    guard rest > 0 else { return "0" }
    var text = ""
    for (suffix, factor) in durations where suffix != "w" && rest >= factor {
      text += "\(rest / factor)\(suffix)"
      rest %= factor
    }
    return text
  }

  /// The size in the largest unit, of those by 1,024, that says it exactly.
  package static func text(byteCount: Int) -> String {
    for (suffix, factor) in sizes
    where suffix.hasSuffix("iB") && byteCount >= factor && byteCount % factor == 0 {
      return "\(byteCount / factor)\(suffix)"
    }
    return "\(byteCount)"
  }
}
