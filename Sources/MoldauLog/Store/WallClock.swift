import Glibc

/// The time of day, handed in so that a test can set it.
package protocol WallClock: Sendable {
  /// Milliseconds since 1970-01-01 00:00 UTC.
  func nowMilliseconds() -> Int64
}

/// The operating system's real-time clock.
package struct SystemWallClock: WallClock {
  package init() {}

  /// HOT: once per append. The coarse clock is a memory read and at most a timer tick behind.
  package func nowMilliseconds() -> Int64 {
    var time = timespec()
    // SAFETY: the call fills in `time`, and cannot fail for a clock that exists.
    unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
