import MoldauLog
import MoldauProtocol
import Synchronization

/// The fetch sessions of all clients, a bounded number of them.
///
/// When it is full, a new session takes the place of the one that was idle the longest, if that was
/// long enough; else the client gets none and names all its partitions each time. Thread-safe.
final class FetchSessionCache: Sendable {
  private struct Entry: Sendable {
    var session: FetchSession
    var usedMilliseconds: Int64
  }

  private let clock: any WallClock
  private let random: RandomSource
  private let capacity: Int
  private let entries = Mutex<[Int32: Entry]>([:])

  init(
    clock: any WallClock, capacity: Int = Limits.fetchSessionCount,
    random: RandomSource = RandomSource()
  ) {
    self.clock = clock
    self.random = random
    self.capacity = capacity
  }

  /// The sessions that are remembered.
  var count: Int { entries.withLock { $0.count } }

  /// Returns the partitions that a request is about.
  ///
  /// Epoch −1: a request without a session. Epoch 0: one that begins a session. Above: one that
  /// goes on with a session and names only what has changed.
  func scope(of request: FetchRequest, version: Int16) throws(FetchRefusal) -> FetchScope {
    if version < 7 || request.sessionEpoch <= 0 {
      if request.sessionID != 0 { remove(request.sessionID) }
      let partitions = request.named
      let session =
        version >= 7 && request.sessionEpoch == 0 ? begin(partitions, version) : nil
      // The session has named each of them once; a client that errs names some twice.
      return FetchScope(
        partitions: session?.partitions ?? partitions, session: session, isIncremental: false)
    }
    guard let session = use(request.sessionID) else {
      throw FetchRefusal(code: .fetchSessionIDNotFound)
    }
    guard session.usesTopicIDs == (version >= 13) else {
      throw FetchRefusal(code: .fetchSessionTopicIDError)
    }
    let partitions = try session.update(with: request)
    guard partitions.isEmpty else {
      return FetchScope(partitions: partitions, session: session, isIncremental: true)
    }
    // Nothing is left to go on with.
    remove(session.id)
    return FetchScope(partitions: [], session: nil, isIncremental: false)
  }

  private func use(_ id: Int32) -> FetchSession? {
    let now = clock.nowMilliseconds()
    return entries.withLock { entries in
      entries[id]?.usedMilliseconds = now
      return entries[id]?.session
    }
  }

  private func remove(_ id: Int32) {
    entries.withLock { $0[id] = nil }
  }

  private func begin(_ partitions: [FetchPartition], _ version: Int16) -> FetchSession? {
    guard partitions.count <= Limits.fetchSessionPartitionCount / capacity else { return nil }
    let now = clock.nowMilliseconds()
    return entries.withLock { entries in
      if entries.count >= capacity, !Self.evictOne(&entries, now: now) { return nil }
      var generator = random
      var id = Int32.random(in: 1...Int32.max, using: &generator)
      while entries[id] != nil { id = Int32.random(in: 1...Int32.max, using: &generator) }
      let session = FetchSession(id: id, usesTopicIDs: version >= 13, partitions)
      entries[id] = Entry(session: session, usedMilliseconds: now)
      return session
    }
  }

  private static func evictOne(_ entries: inout [Int32: Entry], now: Int64) -> Bool {
    let oldest = entries.min {
      ($0.value.usedMilliseconds, $0.key) < ($1.value.usedMilliseconds, $1.key)
    }
    guard let oldest,
      now - oldest.value.usedMilliseconds >= Limits.fetchSessionIdleMilliseconds
    else { return false }
    entries[oldest.key] = nil
    return true
  }
}
