import Synchronization

/// Calls back when it is time.
///
/// One thread for all timers, started by the first that is set, which sleeps until the earliest is
/// due. A timer is in the heap once at most, so the memory is bounded by the timers there are.
/// Thread-safe.
package final class Scheduler: Sendable {
  /// A time at which something is to be looked at, which can be moved.
  package final class Timer: Sendable {
    /// Called on the scheduler's thread, outside its lock; must be quick.
    let action: @Sendable () -> Void
    // Guarded by the scheduler's lock.
    private let place = Atomic<Int>(-1)
    private let time = Atomic<Int64>(0)

    fileprivate init(_ action: @escaping @Sendable () -> Void) {
      self.action = action
    }

    /// Where the timer is in the heap, −1 when it is not.
    fileprivate var index: Int {
      get { place.load(ordering: .relaxed) }
      set { place.store(newValue, ordering: .relaxed) }
    }

    fileprivate var deadline: Int64 {
      get { time.load(ordering: .relaxed) }
      set { time.store(newValue, ordering: .relaxed) }
    }
  }

  private struct State: Sendable {
    var heap = TimerHeap()
    var thread: EngineThread?
    var isStopping = false
  }

  package let clock: any SteadyClock
  private let runsThread: Bool
  private let state = Mutex(State())
  private let signal = WakeSignal()

  /// - Parameter runsThread: whether timers go off on their own; without it `runDue` must be called.
  package init(clock: any SteadyClock, runsThread: Bool = true) {
    self.clock = clock
    self.runsThread = runsThread
  }

  /// A timer that is not set yet.
  package func timer(_ action: @escaping @Sendable () -> Void) -> Timer {
    Timer(action)
  }

  /// Lets the timer go off at `deadline` (milliseconds of the clock), and not when it was set for
  /// before.
  ///
  /// - Complexity: O(log *n*) in the number of timers that are set.
  package func set(_ timer: Timer, at deadline: Int64) {
    let isFirst = state.withLock { state in
      guard !state.isStopping else { return false }
      state.heap.remove(timer)
      timer.deadline = deadline
      state.heap.insert(timer)
      if state.thread == nil, runsThread {
        state.thread = EngineThread(name: "moldau-timer") { [self] in run() }
      }
      return state.heap.first === timer
    }
    if isFirst { signal.wake() }
  }

  /// Keeps the timer from going off; it may be on its way already.
  package func cancel(_ timer: Timer) {
    state.withLock { $0.heap.remove(timer) }
  }

  /// Lets all timers go off that are due, those too that become due by it.
  package func runDue() {
    while let timer = takeDue() { timer.action() }
  }

  /// When the earliest timer is due; nil when none is set.
  package var nextDeadline: Int64? { state.withLock { $0.heap.first?.deadline } }

  /// Ends the thread; no timer goes off from then on.
  package func stop() {
    let thread = state.withLock { state in
      state.isStopping = true
      state.heap = TimerHeap()
      defer { state.thread = nil }
      return state.thread
    }
    signal.wake()
    thread?.join()
  }

  private func takeDue() -> Timer? {
    let now = clock.nowMilliseconds()
    return state.withLock { state in
      guard let first = state.heap.first, first.deadline <= now else { return nil }
      state.heap.remove(first)
      return first
    }
  }

  private func run() {
    while true {
      runDue()
      let (next, isStopping) = state.withLock { ($0.heap.first?.deadline, $0.isStopping) }
      if isStopping { return }
      if let next {
        let pause = next - clock.nowMilliseconds()
        if pause > 0 { signal.sleep(milliseconds: pause) }
      } else {
        signal.sleep()
      }
    }
  }
}

/// A binary heap of timers, the earliest first, in which each knows its place.
private struct TimerHeap: Sendable {
  private var timers: [Scheduler.Timer] = []

  var first: Scheduler.Timer? { timers.first }

  mutating func insert(_ timer: Scheduler.Timer) {
    timers.append(timer)
    timer.index = timers.count - 1
    rise(from: timers.count - 1)
  }

  mutating func remove(_ timer: Scheduler.Timer) {
    let index = timer.index
    guard timers.indices.contains(index), timers[index] === timer else { return }
    swap(index, timers.count - 1)
    timers.removeLast()
    timer.index = -1
    guard index < timers.count else { return }
    rise(from: index)
    sink(from: index)
  }

  private mutating func rise(from start: Int) {
    var index = start
    while index > 0 {
      let parent = (index - 1) / 2
      guard timers[index].deadline < timers[parent].deadline else { return }
      swap(index, parent)
      index = parent
    }
  }

  private mutating func sink(from start: Int) {
    var index = start
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < timers.count {
        if timers[child].deadline < timers[least].deadline { least = child }
      }
      guard least != index else { return }
      swap(index, least)
      index = least
    }
  }

  private mutating func swap(_ first: Int, _ second: Int) {
    timers.swapAt(first, second)
    timers[first].index = first
    timers[second].index = second
  }
}
