/// What has happened in a world: the last of it in words, and all of it as one number, by which two
/// runs of the same seed can be compared.
struct Trace {
  /// How many lines are kept.
  private static let lineCount = 2_000

  /// Everything that happens in detail, when it is wanted: to find where two runs part.
  private(set) var details: [String]?
  private var lines: [String] = []
  private var next = 0
  private(set) var fingerprint: UInt64 = 0xcbf2_9ce4_8422_2325
  private(set) var count = 0

  mutating func add(_ line: String) {
    count += 1
    for byte in line.utf8 { fingerprint = (fingerprint ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    if lines.count < Self.lineCount {
      lines.append(line)
    } else {
      lines[next] = line
      next = (next + 1) % Self.lineCount
    }
  }

  mutating func keepDetails() { details = [] }

  mutating func addDetail(_ text: () -> String) {
    guard details != nil else { return }
    details?.append(text())
  }

  /// The last `count` lines.
  func last(_ count: Int) -> [String] {
    Array((lines[next...] + lines[..<next]).suffix(count))
  }
}
