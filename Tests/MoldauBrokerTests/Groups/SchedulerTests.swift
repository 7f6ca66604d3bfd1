import MoldauDisk
import MoldauLog
import Synchronization
import Testing

@testable import MoldauBroker

/// A clock for waits that a test sets.
final class SetSteadyClock: SteadyClock {
  private let time = Atomic<Int64>(0)

  func nowMilliseconds() -> Int64 { time.load(ordering: .acquiring) }

  func advance(_ milliseconds: Int64) { time.add(milliseconds, ordering: .acquiringAndReleasing) }
}

/// A clock for what is written that a test sets.
final class SetWallClock: WallClock {
  private let time = Atomic<Int64>(1_700_000_000_000)

  func nowMilliseconds() -> Int64 { time.load(ordering: .acquiring) }

  func advance(_ milliseconds: Int64) { time.add(milliseconds, ordering: .acquiringAndReleasing) }
}

struct SchedulerTests {
  private final class Fired: Sendable {
    let names = Mutex<[Int]>([])

    func take() -> [Int] {
      names.withLock { names in
        defer { names = [] }
        return names
      }
    }
  }

  @Test("timers go off when they are due, the earliest first, and once")
  func order() {
    let clock = SetSteadyClock()
    let scheduler = Scheduler(clock: clock, runsThread: false)
    let fired = Fired()
    let timers = (0..<3).map { name in
      scheduler.timer { fired.names.withLock { $0.append(name) } }
    }
    scheduler.set(timers[0], at: 30)
    scheduler.set(timers[1], at: 10)
    scheduler.set(timers[2], at: 20)
    clock.advance(9)
    scheduler.runDue()
    #expect(fired.take().isEmpty)
    clock.advance(11)
    scheduler.runDue()
    #expect(fired.take() == [1, 2])
    scheduler.set(timers[0], at: 100)
    clock.advance(50)
    scheduler.runDue()
    #expect(fired.take().isEmpty, "it was moved")
    scheduler.cancel(timers[0])
    clock.advance(100)
    scheduler.runDue()
    #expect(fired.take().isEmpty && scheduler.nextDeadline == nil)
  }

  @Test("thousands of timers that are moved and cancelled go off as a list of them would")
  func model() {
    var generator = SeededGenerator(seed: 7)
    let clock = SetSteadyClock()
    let scheduler = Scheduler(clock: clock, runsThread: false)
    let fired = Fired()
    let timers = (0..<200).map { name in
      scheduler.timer { fired.names.withLock { $0.append(name) } }
    }
    var due: [Int: Int64] = [:]
    for _ in 0..<5_000 {
      let name = Int.random(in: 0..<timers.count, using: &generator)
      switch Int.random(in: 0..<10, using: &generator) {
      case 0:
        scheduler.cancel(timers[name])
        due[name] = nil
      case 1:
        clock.advance(Int64.random(in: 0...20, using: &generator))
        scheduler.runDue()
        let now = clock.nowMilliseconds()
        let expected = due.filter { $0.value <= now }
        #expect(Set(fired.take()) == Set(expected.keys))
        for name in expected.keys { due[name] = nil }
      default:
        let deadline = clock.nowMilliseconds() + Int64.random(in: 1...300, using: &generator)
        scheduler.set(timers[name], at: deadline)
        due[name] = deadline
      }
      #expect(scheduler.nextDeadline == due.values.min())
    }
  }

  @Test("its thread wakes for a timer that is earlier than the one it sleeps for, and ends")
  func thread() {
    let scheduler = Scheduler(clock: SystemSteadyClock())
    let signal = WakeSignal()
    scheduler.set(scheduler.timer {}, at: 3_600_000)
    scheduler.set(scheduler.timer { signal.wake() }, at: 5)
    signal.sleep()
    scheduler.stop()
    scheduler.set(scheduler.timer { signal.wake() }, at: 0)
    #expect(scheduler.nextDeadline == nil)
  }
}
