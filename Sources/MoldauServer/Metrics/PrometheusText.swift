/// Prometheus's text exposition format, version 0.0.4, as it is written.
///
/// All samples of a family stand together behind its two comment lines.
struct PrometheusText {
  enum Kind: String {
    case counter, gauge, histogram, summary
  }

  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private(set) var text = ""

  /// Begins a family: what follows are its samples.
  mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n"
    text += "# TYPE \(name) \(kind.rawValue)\n"
  }

  mutating func sample(
    _ name: String, _ labels: [(String, String)] = [], _ value: some BinaryInteger
  ) {
    begin(name, labels)
    text += " \(value)\n"
  }

  mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
    begin(name, labels)
    text += " \(Self.number(value))\n"
  }

  /// A family of one sample.
  mutating func single(
    _ name: String, _ kind: Kind, _ help: String, _ value: some BinaryInteger
  ) {
    family(name, kind, help)
    sample(name, [], value)
  }

  /// The samples of one histogram of durations, in seconds.
  mutating func histogram(
    _ name: String, _ labels: [(String, String)], _ histogram: DurationHistogram
  ) {
    var cumulated: UInt64 = 0
    for (index, count) in histogram.counts.enumerated() {
      cumulated &+= count
      let bounds = DurationHistogram.boundsNanoseconds
      let end = index < bounds.count ? Self.number(Double(bounds[index]) / 1e9) : "+Inf"
      sample("\(name)_bucket", labels + [("le", end)], cumulated)
    }
    sample("\(name)_sum", labels, Double(histogram.sumNanoseconds) / 1e9)
    sample("\(name)_count", labels, cumulated)
  }

  private mutating func begin(_ name: String, _ labels: [(String, String)]) {
    text += name
    guard !labels.isEmpty else { return }
    text += "{"
    for (index, label) in labels.enumerated() {
      if index > 0 { text += "," }
      text += label.0
      text += "=\""
      text += Self.escaped(label.1, quotes: true)
      text += "\""
    }
    text += "}"
  }

  /// A backslash and a line's end are escaped everywhere, a quotation mark in labels.
  static func escaped(_ text: String, quotes: Bool) -> String {
    let isPlain = text.utf8.allSatisfy {
      $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\"")
    }
    if isPlain { return text }
    var escaped = ""
    for character in text.unicodeScalars {
      switch character {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quotes: escaped += "\\\""
      default: escaped.unicodeScalars.append(character)
      }
    }
    return escaped
  }

  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: value) { return "\(whole)" }
    return "\(value)"
  }

  /// A name as Prometheus lets it be, made of a label of swift-metrics or of one of its dimensions.
  static func name(_ label: String) -> String {
    var name = String(
      label.unicodeScalars.map { scalar -> Character in
        scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
          ? Character(scalar) : "_"
      })
    if name.first?.isNumber != false { name = "_" + name }
    return name
  }
}
