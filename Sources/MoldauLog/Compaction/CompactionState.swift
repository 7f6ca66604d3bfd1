import MoldauFormat
import Synchronization

/// What the cleaner keeps of a log.
final class CompactionState: Sendable {
  struct Status: Sendable {
    /// Set when a batch cannot be read: the log is left as it is.
    var isUncleanable = false
    /// After an error that may pass.
    var retryTime: ContinuousClock.Instant?
    /// When tombstones or markers that the last pass has left may go.
    var nextHorizonMilliseconds: Int64?
  }

  /// A swap that is committed on disk and could not be completed yet.
  struct PendingSwap: Sendable {
    var swap: SegmentSwap
    var replaced: [Segment]
    /// The bytes of the segment that takes their place.
    var byteCount: Int
    /// When what is left of the old ones may be unlinked.
    var dueMilliseconds: Int64
  }

  /// Held while segments leave the log or others take their place.
  let pendingSwap = Mutex<PendingSwap?>(nil)
  /// The offset up to which the log was cleaned, −1 when it never was.
  private let cleaned = Atomic<Int64>(-1)
  let status = Mutex(Status())

  /// All below was cleaned; `nil` for a log that never was.
  var cleanedOffset: Offset? {
    let raw = cleaned.load(ordering: .acquiring)
    return raw < 0 ? nil : Offset(rawValue: raw)
  }

  /// Whether neither damage nor an error of a moment ago is in the way.
  var canBeTried: Bool {
    status.withLock { !$0.isUncleanable && ($0.retryTime.map { $0 <= .now } ?? true) }
  }

  func noteCleaned(to offset: Offset) {
    cleaned.store(offset.rawValue, ordering: .releasing)
  }

  /// The log was cut to `end`.
  func noteTruncation(to end: Offset) {
    _ = cleaned.min(end.rawValue, ordering: .acquiringAndReleasing)
  }
}
