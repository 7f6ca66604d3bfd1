/// Times as people write them.
///
/// `2026-01-31T12:00:00Z` and its like (RFC 3339, also with an offset from UTC, without seconds, or
/// a date alone, which is its midnight in UTC); `10m ago` or `10m-ago`; `@1767225600000`, in
/// milliseconds since 1970; `now`.
package enum TimeText {
  package static let examples = "2026-01-31T12:00:00Z, \"10m ago\" or @1767225600000"

  /// Returns the milliseconds since 1970; nil when the text is no time.
  package static func milliseconds(of text: String, now: Int64) -> Int64? {
    if text == "now" { return now }
    if text.hasPrefix("@") { return Int64(text.dropFirst()) }
    for ending in [" ago", "-ago"] where text.hasSuffix(ending) {
      let duration = DurationText.milliseconds(of: String(text.dropLast(ending.count)))
      return duration.map { now - $0 }
    }
    return date(text)
  }

  private static func date(_ text: String) -> Int64? {
    var scanner = DigitScanner(text)
    guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2),
      scanner.skip("-"), let day = scanner.number(2), (1...12).contains(month), day >= 1,
      day <= days(in: month, year)
    else { return nil }
    let midnight = dayCount(year, month, day) * 86_400_000
    if scanner.isAtEnd { return midnight }
    guard scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
      let time = timeOfDay(&scanner), let zone = offset(&scanner), scanner.isAtEnd
    else { return nil }
    return midnight + time - zone
  }

  private static func timeOfDay(_ scanner: inout DigitScanner) -> Int64? {
    guard let hour = scanner.number(2), scanner.skip(":"), let minute = scanner.number(2),
      hour < 24, minute < 60
    else { return nil }
    var milliseconds = (hour * 60 + minute) * 60_000
    guard scanner.skip(":") else { return milliseconds }
    // A leap second counts as the one before it.
    guard let second = scanner.number(2), second <= 60 else { return nil }
    milliseconds += min(second, 59) * 1_000
    guard scanner.skip(".") else { return milliseconds }
    guard let fraction = scanner.fraction(3) else { return nil }
    return milliseconds + fraction
  }

  /// The offset from UTC in milliseconds; a time without one is in UTC.
  private static func offset(_ scanner: inout DigitScanner) -> Int64? {
    if scanner.isAtEnd || scanner.skip("Z") || scanner.skip("z") { return 0 }
    let sign: Int64 = scanner.skip("+") ? 1 : -1
    guard sign == 1 || scanner.skip("-"), let hour = scanner.number(2), hour < 24 else {
      return nil
    }
    _ = scanner.skip(":")
    guard let minute = scanner.number(2), minute < 60 else { return nil }
    return sign * (hour * 60 + minute) * 60_000
  }

  private static func days(in month: Int64, _ year: Int64) -> Int64 {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// The days from 1970-01-01, counted in years that begin on 1 March so that leap days are last.
  private static func dayCount(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let marchYear = month <= 2 ? year - 1 : year
    let monthFromMarch = month <= 2 ? month + 9 : month - 3
    let era = marchYear >= 0 ? marchYear / 400 : (marchYear - 399) / 400
    let yearOfEra = marchYear - era * 400
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}

/// Reads numbers of a fixed number of digits.
private struct DigitScanner {
  private var rest: ArraySlice<UInt8>

  init(_ text: String) { rest = Array(text.utf8)[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard let first = rest.first, UInt32(first) == character.value else { return false }
    rest.removeFirst()
    return true
  }

  mutating func number(_ digitCount: Int) -> Int64? {
    let digits = rest.prefix(digitCount)
    guard digits.count == digitCount, digits.allSatisfy(Self.isDigit) else { return nil }
    rest = rest.dropFirst(digitCount)
    return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
  }

  /// The first `digitCount` digits of a fraction, as if there were as many; further ones are cut.
  mutating func fraction(_ digitCount: Int) -> Int64? {
    let digits = rest.prefix(while: Self.isDigit)
    guard !digits.isEmpty else { return nil }
    rest = rest.dropFirst(digits.count)
    var value: Int64 = 0
    for index in 0..<digitCount {
      let digit = index < digits.count ? digits[digits.startIndex + index] : UInt8(ascii: "0")
      value = value * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    return value
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
