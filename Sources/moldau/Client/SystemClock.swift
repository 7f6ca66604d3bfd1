import Glibc
import MoldauCommands

extension CommandClock {
  /// The operating system's clocks.
  static let system = CommandClock(
    wallMilliseconds: { milliseconds(CLOCK_REALTIME) },
    steadyMilliseconds: { milliseconds(CLOCK_MONOTONIC) })

  private static func milliseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // SAFETY: the call fills in `time`, and cannot fail for a clock that exists.
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}
