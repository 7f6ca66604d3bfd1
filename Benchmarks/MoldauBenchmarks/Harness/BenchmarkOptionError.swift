/// Options of a benchmark that cannot be followed.
public enum BenchmarkOptionError: Error, CustomStringConvertible {
  case unknownRow(String, known: [String])
  case noRounds
  case notAnAddress(String)

  public var description: String {
    switch self {
    case .unknownRow(let name, let known):
      "there is no row named \(name); the rows are \(known.joined(separator: ", "))"
    case .noRounds: "a row needs at least one round"
    case .notAnAddress(let text): "\"\(text)\" is neither HOST:PORT nor [IPv6]:PORT"
    }
  }

  /// Throws unless the options can be followed.
  static func check(rounds: Int, only: [String], known: [String]) throws(BenchmarkOptionError) {
    guard rounds > 0 else { throw .noRounds }
    for name in only where !known.contains(name) { throw .unknownRow(name, known: known) }
  }
}
