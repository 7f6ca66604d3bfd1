/// Medians and percentiles of a few measurements.
package enum Statistics {
  /// Returns the middle value, or the mean of the middle two; `nil` when there is none.
  ///
  /// - Complexity: O(*n* log *n*)
  package static func median(_ values: some Sequence<Double>) -> Double? {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// Returns the value below which `percent` of the values lie (nearest rank); `nil` when there is
  /// none.
  ///
  /// - Precondition: `percent` is in `0...100`.
  package static func percentile(_ percent: Double, of values: some Sequence<Double>) -> Double? {
    precondition((0...100).contains(percent), "a percentile is between 0 and 100")
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return nil }
    let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up))
    return sorted[max(rank, 1) - 1]
  }
}
