import MoldauDisk
import Synchronization

/// Bounds the files and maps that a store's segments hold open.
///
/// Segments open what they need by themselves and report it here. Past the bound, the handles of the
/// segments that were longest unused are let go; whoever still reads through one keeps it alive.
/// Thread-safe.
final class HandleBudget: Sendable {
  /// A segment belongs to its log: held strongly here, it and its open files would never go, since
  /// it holds the budget in turn.
  private struct Holder {
    weak let segment: Segment?
  }

  private let maxHolders: Int
  private let holders = Mutex<[ObjectIdentifier: Holder]>([:])
  private let ticks = Atomic<Int64>(0)

  init(maxHolders: Int) {
    self.maxHolders = max(16, maxHolders)
  }

  /// A number that grows, for ordering uses.
  var now: Int64 { ticks.load(ordering: .relaxed) }

  /// Notes that `segment` opened a handle, and lets others' go when there are too many.
  ///
  /// Called without the segment's own lock held.
  func opened(by segment: Segment) {
    ticks.add(1, ordering: .relaxed)
    // All that were looked at leave the lock alive: the end of a segment takes the lock too.
    let byUse: [Segment] = holders.withLock { holders in
      holders[ObjectIdentifier(segment)] = Holder(segment: segment)
      guard holders.count > maxHolders else { return [] }
      let byUse = holders.values.compactMap(\.segment).filter { $0 !== segment }
        .sorted { $0.lastUse < $1.lastUse }
      for victim in byUse.prefix(maxHolders / 8 + 1) { holders[ObjectIdentifier(victim)] = nil }
      return byUse
    }
    for victim in byUse.prefix(maxHolders / 8 + 1) { victim.releaseHandles() }
  }

  /// Forgets a segment that is gone.
  func closed(by segment: Segment) {
    _ = holders.withLock { $0.removeValue(forKey: ObjectIdentifier(segment)) }
  }

  /// How many segments hold handles.
  var count: Int { holders.withLock { $0.count } }
}
