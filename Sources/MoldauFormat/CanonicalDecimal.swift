/// Decimal numbers as the names and text files of a log directory spell them.
enum CanonicalDecimal {
  /// Returns the value of `digits` when they are just how that value prints.
  ///
  /// No sign but a leading minus, no leading zero, no blank: two names never mean one number.
  static func parse(_ digits: some Collection<UInt8>) -> Int64? {
    let isNegative = digits.first == UInt8(ascii: "-")
    let magnitude = isNegative ? digits.dropFirst() : digits.dropFirst(0)
    guard let first = magnitude.first else { return nil }
    if first == UInt8(ascii: "0"), magnitude.count > 1 || isNegative { return nil }
    guard let value = parsePadded(magnitude, isNegative: isNegative) else { return nil }
    return value
  }

  /// Returns the value of `digits`, which may start with zeros; nil when it does not fit.
  static func parsePadded(_ digits: some Collection<UInt8>, isNegative: Bool = false) -> Int64? {
    var value: Int64 = 0
    for digit in digits {
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
      let step = Int64(digit - UInt8(ascii: "0"))
      let (sum, overflowedAgain) = product.addingReportingOverflow(isNegative ? -step : step)
      if overflowed || overflowedAgain { return nil }
      value = sum
    }
    return digits.isEmpty ? nil : value
  }
}
