import MoldauFormat

/// Replicas that are behind. A fetch below the leader's high watermark acknowledges nothing: it moves
/// no high watermark and lets nobody join. So it waits neither for the device nor for the append
/// (docs/decisions/replica-fetchers.md).
extension FetchProgress {
  /// What was appended to the log of a replica that is behind, and is not synced yet.
  struct Unsynced: Hashable, Sendable {
    /// The most of it; then a sync is waited for.
    let limit: Int
    /// So much of it begins a sync.
    let syncBytes: Int
    /// Since the last sync began.
    private(set) var byteCount = 0
    /// Before that: what the sync covers that is under way; nil when there is none.
    private(set) var syncingByteCount: Int?
    /// Whether the replica is asked for again when that sync has ended.
    var isAwaited = false

    init(limit: Int, syncBytes: Int) {
      self.limit = limit
      self.syncBytes = syncBytes
    }

    func hasRoom(for more: Int) -> Bool {
      byteCount + (syncingByteCount ?? 0) + more <= limit
    }

    mutating func add(_ more: Int) {
      byteCount += more
    }

    /// Begins a sync when it is time for one; returns whether it was.
    mutating func beginSync() -> Bool {
      guard syncingByteCount == nil, byteCount >= syncBytes else { return false }
      syncingByteCount = byteCount
      byteCount = 0
      return true
    }

    mutating func endSync() {
      syncingByteCount = nil
      isAwaited = false
    }

    /// The device has everything, or nobody waits any more until it has.
    mutating func clear() {
      self = Unsynced(limit: limit, syncBytes: syncBytes)
    }
  }

  /// What an append leads to.
  enum Appended: Hashable, Sendable {
    /// Nothing has to be done.
    case goesOn
    /// A sync is to begin that nobody waits for; `hasSynced` tells its end.
    case beginsSync
    /// All that was appended has to be synced before the replica is asked for again.
    case waits
  }

  /// Notes the high watermark that the leader has told, in the epoch in which it is followed.
  ///
  /// A following in another epoch is another `Replica`, which knows of none.
  mutating func note(_ highWatermark: Offset, of replica: Replica) {
    change(replica) { $0.leadersHighWatermark = max($0.leadersHighWatermark, highWatermark) }
  }

  /// The greatest high watermark that the replica's leader has told in this epoch.
  func leadersHighWatermark(of replica: Replica) -> Offset {
    current(replica)?.leadersHighWatermark ?? .zero
  }

  /// Has the replica asked for again at `position` before the bytes are appended that lead there, if
  /// it is behind then too and not too much of it waits for the device.
  ///
  /// - Returns: whether it is; else the append has to come first.
  mutating func askAhead(
    _ replica: Replica, at position: FetchPosition, byteCount: Int
  ) -> Bool {
    guard let known = current(replica), known.stage == .busy,
      known.isBehind(at: position.offset), known.unsynced.hasRoom(for: byteCount)
    else { return false }
    change(replica) { $0.ahead = position }
    end(replica, .ready)
    return true
  }

  /// The log has not come to where the replica was asked for ahead, or is not to be relied upon: an
  /// answer to that does not count.
  mutating func takeBack(_ replica: Replica) {
    change(replica) { $0.ahead = nil }
    switch current(replica)?.stage {
    case .ready, .asked: set(replica.followed.key, .busy)
    case .busy, .paused, .fenced, nil: break
    }
  }

  /// The log has the bytes of an answer and ends at `end`.
  mutating func appended(
    _ replica: Replica, end newEnd: Offset, byteCount: Int, isSynced: Bool
  ) -> Appended {
    guard let known = current(replica) else { return .goesOn }
    let isAsked = known.ahead?.offset == newEnd
    if !isAsked { takeBack(replica) }
    change(replica) { $0.ahead = nil }
    guard isSynced else {
      if !isAsked { end(replica, .ready) }
      return .goesOn
    }
    guard known.isBehind(at: newEnd) else { return .waits }
    var begins = false
    change(replica) { replica in
      replica.unsynced.add(byteCount)
      begins = replica.unsynced.beginSync()
      if !isAsked, !replica.unsynced.hasRoom(for: 1) { replica.unsynced.isAwaited = true }
    }
    if current(replica)?.unsynced.isAwaited == false, !isAsked { end(replica, .ready) }
    return begins ? .beginsSync : .goesOn
  }

  /// The sync has ended that was begun last.
  ///
  /// - Returns: whether another is to begin.
  mutating func hasSynced(_ replica: Replica) -> Bool {
    let wasAwaited = current(replica)?.unsynced.isAwaited == true
    var begins = false
    change(replica) { replica in
      replica.unsynced.endSync()
      begins = replica.unsynced.beginSync()
    }
    if wasAwaited { end(replica, .ready) }
    return begins
  }

  /// The device has all of the replica's log.
  mutating func isDurable(_ replica: Replica) {
    change(replica) { $0.unsynced.clear() }
  }

  /// A sync has failed or could not begin: what was asked for ahead does not count, and no sync is under
  /// way that the replica could wait for. The next one covers what this one was to.
  mutating func forgetSyncs(_ replica: Replica) {
    takeBack(replica)
    change(replica) { $0.unsynced.clear() }
  }

  // MARK: This following, and no other

  private func current(_ replica: Replica) -> Replica? {
    guard let known = replicas[replica.followed.key], known.generation == replica.generation else {
      return nil
    }
    return known
  }

  private mutating func change(_ replica: Replica, _ body: (inout Replica) -> Void) {
    guard current(replica) != nil else { return }
    body(&replicas[replica.followed.key, default: replica])
  }
}
