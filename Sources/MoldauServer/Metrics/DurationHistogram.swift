/// How often durations fell into each of a fixed row of intervals, and their sum.
struct DurationHistogram: Hashable, Sendable {
  /// The upper ends of the intervals, in nanoseconds; above the last one there is one without an end.
  static let boundsNanoseconds: [Int64] = [
    100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000,
    50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000,
    10_000_000_000,
  ]

  /// By interval, not cumulated.
  private(set) var counts = [UInt64](repeating: 0, count: boundsNanoseconds.count + 1)
  private(set) var sumNanoseconds: UInt64 = 0

  /// All durations.
  var count: UInt64 { counts.reduce(0, +) }

  /// HOT: once per request. Most are short: the search begins at the lower end.
  mutating func record(nanoseconds: Int64) {
    let nanoseconds = max(0, nanoseconds)
    var index = 0
    let bounds = Self.boundsNanoseconds
    while index < bounds.count, nanoseconds > bounds[index] { index += 1 }
    counts[index] &+= 1
    sumNanoseconds &+= UInt64(nanoseconds)
  }

  mutating func add(_ other: DurationHistogram) {
    for index in counts.indices { counts[index] &+= other.counts[index] }
    sumNanoseconds &+= other.sumNanoseconds
  }
}
