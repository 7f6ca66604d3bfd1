/// Durations as people write them: `500ms`, `10s`, `5m`, `1h30m`, `7d`, `2w`.
package enum DurationText {
  private static let units: [(name: String, milliseconds: Int64)] = [
    ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ("w", 604_800_000),
  ]

  /// Returns the milliseconds of a duration; nil when the text is none.
  package static func milliseconds(of text: String) -> Int64? {
    guard !text.isEmpty else { return nil }
    var rest = text[...]
    var sum: Int64 = 0
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let number = Int64(digits) else { return nil }
      rest = rest.dropFirst(digits.count)
      let name = rest.prefix { $0.isASCII && $0.isLetter }
      guard let unit = units.first(where: { $0.name == name }) else { return nil }
      rest = rest.dropFirst(name.count)
      let (product, isTooLong) = number.multipliedReportingOverflow(by: unit.milliseconds)
      let (total, isTooLongInAll) = sum.addingReportingOverflow(product)
      guard !isTooLong, !isTooLongInAll else { return nil }
      sum = total
    }
    return sum
  }
}
