import MoldauDisk
import Synchronization

/// Bounds the files and maps that a store's segments hold open.
///
/// Segments open what they need by themselves and report it here. Past the bound, the handles of the
/// segments that were longest unused are let go; whoever still reads through one keeps it alive. A file
/// that was written and not synced is synced before it is closed: an error of the device that came
/// after the close might be told to nobody. That is handed to another thread, until there are half as
/// many again as there should be; then whoever opens one more waits for it. Thread-safe.
final class HandleBudget: Sendable {
  /// A segment belongs to its log: held strongly here, it and its open files would never go, since
  /// it holds the budget in turn.
  private struct Holder {
    weak let segment: Segment?
  }

  /// Those whose handles are to go.
  private struct Victims {
    /// All that were looked at leave the lock alive: the end of a segment takes the lock too.
    var all: [Segment] = []
    var clean: [Segment] = []
    var unsynced: [Segment] = []
    var mayWait = true
  }

  /// How files get synced.
  struct Syncing: Sendable {
    /// Runs a job on a thread that may wait for the disk.
    var later: @Sendable (@escaping @Sendable () -> Void) -> Void
    /// Returns whether the file is synced now.
    var sync: @Sendable (Segment) -> Bool
  }

  private let maxHolders: Int
  private let holders = Mutex<[ObjectIdentifier: Holder]>([:])
  private let ticks = Atomic<Int64>(0)
  private let syncing = Mutex<Syncing?>(nil)
  /// Whether a job that syncs files is on its way.
  private let isSyncing = Atomic<Bool>(false)

  init(maxHolders: Int) {
    self.maxHolders = max(16, maxHolders)
  }

  /// Says how files are synced before they are closed.
  func start(_ syncing: Syncing) {
    self.syncing.withLock { $0 = syncing }
  }

  /// A number that grows, for ordering uses.
  var now: Int64 { ticks.load(ordering: .relaxed) }

  /// Notes that `segment` opened a handle, and lets others' go when there are too many.
  ///
  /// Called without the segment's own lock held.
  func opened(by segment: Segment) {
    ticks.add(1, ordering: .relaxed)
    let victims = victims(besides: segment)
    for victim in victims.clean { victim.releaseHandles() }
    guard !victims.unsynced.isEmpty, let syncing = syncing.withLock({ $0 }) else { return }
    guard victims.mayWait else { return letGo(victims.unsynced, syncing) }
    guard !isSyncing.exchange(true, ordering: .acquiringAndReleasing) else { return }
    syncing.later { [self, unsynced = victims.unsynced] in
      letGo(unsynced, syncing)
      isSyncing.store(false, ordering: .releasing)
    }
  }

  private func victims(besides segment: Segment) -> Victims {
    holders.withLock { holders in
      holders[ObjectIdentifier(segment)] = Holder(segment: segment)
      var victims = Victims()
      victims.mayWait = holders.count <= maxHolders + maxHolders / 2
      guard holders.count > maxHolders,
        !victims.mayWait || !isSyncing.load(ordering: .acquiring)
      else { return victims }
      victims.all = holders.values.compactMap(\.segment).filter { $0 !== segment }
        .sorted { $0.lastUse < $1.lastUse }
      for victim in victims.all.prefix(maxHolders / 8 + 1) {
        if victim.hasUnsyncedBytes {
          victims.unsynced.append(victim)
        } else {
          victims.clean.append(victim)
          holders[ObjectIdentifier(victim)] = nil
        }
      }
      return victims
    }
  }

  private func letGo(_ segments: [Segment], _ syncing: Syncing) {
    for segment in segments where syncing.sync(segment) {
      closed(by: segment)
      segment.releaseHandles()
    }
  }

  /// Forgets a segment that is gone, or has let its handles go.
  func closed(by segment: Segment) {
    _ = holders.withLock { $0.removeValue(forKey: ObjectIdentifier(segment)) }
  }

  /// How many segments hold handles.
  var count: Int { holders.withLock { $0.count } }
}
