extension Duration {
  /// The whole milliseconds in this duration, rounded down; the nearest there is for durations of
  /// more than 292 million years.
  package var milliseconds: Int64 { whole(perSecond: 1000) }

  /// The whole nanoseconds in this duration, rounded down; the nearest there is for durations of
  /// more than 292 years.
  package var nanoseconds: Int64 { whole(perSecond: 1_000_000_000) }

  private func whole(perSecond count: Int64) -> Int64 {
    let (seconds, attoseconds) = components
    let (product, overflows) = seconds.multipliedReportingOverflow(by: count)
    let bound: Int64 = seconds < 0 ? .min : .max
    guard !overflows else { return bound }
    return product.addingClamped(attoseconds / (1_000_000_000_000_000_000 / count))
  }
}

extension Int64 {
  /// The sum, or the nearest number there is: for times that are far away.
  package func addingClamped(_ other: Int64) -> Int64 {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? (other < 0 ? .min : .max) : sum
  }

  /// The difference, or the nearest number there is: for times that are far away.
  package func subtractingClamped(_ other: Int64) -> Int64 {
    let (difference, overflows) = subtractingReportingOverflow(other)
    return overflows ? (other < 0 ? .max : .min) : difference
  }
}
