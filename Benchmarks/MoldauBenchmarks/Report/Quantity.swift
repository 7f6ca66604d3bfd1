/// Figures written for people: three digits and a unit.
package enum Quantity {
  /// Writes a count with k, M or G: "12.3 M".
  package static func count(_ value: Double) -> String {
    scaled(value, 1_000, ["", " k", " M", " G"])
  }

  /// Writes a size in decimal units: "4.10 GB".
  package static func bytes(_ value: Double) -> String {
    scaled(value, 1_000, [" B", " kB", " MB", " GB", " TB"])
  }

  /// Writes a time with the unit that suits it: "183 ns", "1.20 ms".
  package static func time(nanoseconds: Double) -> String {
    scaled(nanoseconds, 1_000, [" ns", " µs", " ms", " s"])
  }

  /// Writes a number with as many decimals as told.
  package static func decimals(_ value: Double, _ count: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return String(value) }
    let scale = (0..<count).reduce(1) { scale, _ in scale * 10 }
    let scaled = Int((value.magnitude * Double(scale)).rounded())
    let sign = value < 0 && scaled != 0 ? "-" : ""
    guard count > 0 else { return sign + String(scaled) }
    let fraction = String(scaled % scale)
    let zeros = String(repeating: "0", count: count - fraction.count)
    return "\(sign)\(scaled / scale).\(zeros)\(fraction)"
  }

  private static func scaled(_ value: Double, _ step: Double, _ units: [String]) -> String {
    var value = value
    var unit = 0
    while value.magnitude >= step * 0.9995, unit < units.count - 1 {
      value /= step
      unit += 1
    }
    let places = value.magnitude >= 99.95 || unit == 0 && value == value.rounded() ? 0 : 1
    return decimals(value, value.magnitude < 9.995 && places > 0 ? 2 : places) + units[unit]
  }
}
