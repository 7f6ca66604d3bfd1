import MoldauLog
import Synchronization

/// The time of a simulated world, in microseconds since it began. Nothing else makes it go on than
/// the world's events.
final class VirtualTime: Sendable {
  private let value = Atomic<Int64>(0)

  var microseconds: Int64 {
    get { value.load(ordering: .relaxed) }
    set { value.store(newValue, ordering: .relaxed) }
  }
}

/// A computer's clocks: the steady one goes with the world's time, the one of the day may be wrong.
final class NodeClock: SteadyClock {
  private let time: VirtualTime

  init(_ time: VirtualTime) {
    self.time = time
  }

  func nowMilliseconds() -> Int64 { time.microseconds / 1000 }
}

final class NodeWallClock: WallClock {
  private let time: VirtualTime
  private let skew = Atomic<Int64>(0)

  init(_ time: VirtualTime) {
    self.time = time
  }

  /// By how much the clock is wrong.
  var skewMilliseconds: Int64 {
    get { skew.load(ordering: .relaxed) }
    set { skew.store(newValue, ordering: .relaxed) }
  }

  func nowMilliseconds() -> Int64 {
    1_700_000_000_000 + time.microseconds / 1000 + skewMilliseconds
  }
}
