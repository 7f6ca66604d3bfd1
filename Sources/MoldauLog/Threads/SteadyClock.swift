/// Time that only goes forward, for waits: the wall clock may jump. Handed in so that a test can
/// set it.
package protocol SteadyClock: Sendable {
  /// Milliseconds since some moment that stays the same while the process runs.
  func nowMilliseconds() -> Int64
}

/// The operating system's clock that nobody sets.
package struct SystemSteadyClock: SteadyClock {
  private let start = ContinuousClock.now

  package init() {}

  package func nowMilliseconds() -> Int64 {
    start.duration(to: .now).milliseconds
  }
}
