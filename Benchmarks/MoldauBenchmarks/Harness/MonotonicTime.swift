import Foundation

/// Nanoseconds since the machine started, and sleeps that end at one of them.
enum MonotonicTime {
  static var now: UInt64 {
    var time = timespec()
    let result = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    precondition(result == 0, "there is a monotonic clock")
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Sleeps until the time has come; returns at once when it is past.
  static func sleep(until time: UInt64) {
    var wake = timespec()
    wake.tv_sec = Int(time / 1_000_000_000)
    wake.tv_nsec = Int(time % 1_000_000_000)
    // SAFETY: the time lives during the call. An interrupted sleep goes on: the end is absolute.
    while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, nil) == EINTR {}
  }
}
