import Synchronization

/// Slows the cleaner down to a number of bytes a second, and stops it when the store closes.
///
/// Thread-safe; one pass at a time spends.
final class CompactionPace: Sendable {
  private struct Spent: Sendable {
    var byteCount = 0
    var since = ContinuousClock.now
  }

  private let bytesPerSecond: Int?
  private let spent = Mutex(Spent())
  private let stopping = Atomic<Bool>(false)
  private let signal = WakeSignal()

  /// `nil` for as fast as it goes.
  init(bytesPerSecond: Int?) {
    self.bytesPerSecond = bytesPerSecond.map { max($0, 1) }
  }

  var isStopping: Bool { stopping.load(ordering: .acquiring) }

  func stop() {
    stopping.store(true, ordering: .releasing)
    signal.wake()
  }

  /// Notes that bytes were read, and waits when they were too many.
  ///
  /// - Throws: `closed` when the store is closing or the topic was deleted.
  func spend(_ byteCount: Int, _ log: PartitionLog) throws(LogError) {
    if isStopping || log.isDeleted { throw .closed }
    guard let bytesPerSecond else { return }
    let wait: Int64 = spent.withLock { spent in
      spent.byteCount += byteCount
      let elapsed = spent.since.duration(to: .now).milliseconds
      let due = Int64(spent.byteCount) * 1000 / Int64(bytesPerSecond)
      // What was not used in a quiet time is not made up for.
      if elapsed > max(due, Self.windowMilliseconds) { spent = Spent() }
      return due - elapsed
    }
    guard wait >= Self.minWaitMilliseconds else { return }
    signal.sleep(milliseconds: wait)
    if isStopping { throw .closed }
  }

  private static let windowMilliseconds: Int64 = 1000
  /// Shorter waits are saved up.
  private static let minWaitMilliseconds: Int64 = 10
}
