import MoldauDisk
package import MoldauFormat
import Synchronization

extension PartitionLog {
  /// Takes the segments out of the log that the topic's configuration lets go at the time `now`.
  ///
  /// By the maintenance thread. Appenders wait for the change of the list of segments alone.
  func retireSegments(_ configuration: TopicConfiguration, now: Int64) -> RetiredSegments? {
    guard configuration.cleanupPolicy.deletes, !services.isPoisoned, !isClosed else { return nil }
    do throws(LogError) {
      return try retire(
        deleteDelayMilliseconds: configuration.deleteDelay.milliseconds, now: now
      ) { (all) throws(LogError) in
        var doomed = 0
        if let age = configuration.retentionAgeMilliseconds {
          doomed = try expiredCount(of: all, before: now.subtractingClamped(age))
        }
        if let limit = configuration.retentionBytes {
          doomed = max(doomed, excessCount(of: all, above: limit))
        }
        return min(doomed, committedCount(of: all))
      }
    } catch {
      services.logger.error("\(identity): retention: \(error)")
      return nil
    }
  }

  /// How many of the segments, from the first on, lie below the high watermark.
  private func committedCount(of all: [Segment]) -> Int {
    guard let highWatermark else { return all.count }
    if highWatermark == endOffset { return all.count }
    return zip(all, all.dropFirst()).prefix { $1.baseOffset <= highWatermark }.count
  }

  private func expiredCount(
    of all: [Segment], before deadline: Int64
  ) throws(LogError) -> Int {
    var count = 0
    let committed = committedCount(of: all)
    while count < committed, try isExpired(all[count], before: deadline) { count += 1 }
    if count == all.count {
      // The active segment's records are expired too: a new one takes its place. A record may have
      // come since the look at it, so look again now that it is sealed.
      try rollNow()
      if let last = all.last, try !isExpired(last, before: deadline) { count -= 1 }
    }
    return count
  }

  private func isExpired(_ segment: Segment, before deadline: Int64) throws(LogError) -> Bool {
    guard segment.byteCount > 0 else { return false }
    if segment.isSealed { return try time(of: segment) < deadline }
    let (latest, isInUse) = state.withLock {
      ($0.latest?.timestampMilliseconds, $0.window != nil)
    }
    if let latest { return latest < deadline }
    // What is written through a window shows in the file's time when the window is closed.
    guard !isInUse else { return false }
    return try modificationTime(of: segment) < deadline
  }

  /// The time of the newest record of a sealed segment, in milliseconds; that of the last change to its
  /// file when its records have none, as Kafka does it.
  func time(of segment: Segment) throws(LogError) -> Int64 {
    if let latest = try segment.latestTime() { return latest.timestampMilliseconds }
    return try modificationTime(of: segment)
  }

  func modificationTime(of segment: Segment) throws(LogError) -> Int64 {
    do throws(DiskError) { return try services.disk.modificationTime(of: segment.logPath) } catch {
      throw isDeleted ? .closed : LogError(error)
    }
  }

  private func excessCount(of all: [Segment], above limit: Int) -> Int {
    var excess = all.reduce(0) { $0 + $1.byteCount } - limit
    var count = 0
    while count < all.count - 1, excess - all[count].byteCount >= 0 {
      excess -= all[count].byteCount
      count += 1
    }
    return count
  }

  /// Moves the log's start up to `offset`; segments that lie wholly below go (KIP-107).
  ///
  /// Durable when it returns: no crash brings the records back, and the log goes on at its end.
  package func deleteRecords(
    before offset: Offset, _ configuration: TopicConfiguration, now: Int64
  ) throws(LogError) {
    try deleteRecords(
      before: offset, deleteDelayMilliseconds: configuration.deleteDelay.milliseconds, now: now)
  }

  func deleteRecords(
    before offset: Offset, deleteDelayMilliseconds: Int64, now: Int64
  ) throws(LogError) {
    try services.checkHealth()
    try checkRange(offset, end: endOffset)
    if offset == endOffset { try rollNow() }
    // What is deleted has to be durable first, else a crash could end the log below its start.
    try syncFiles(before: offset)
    _ = startCounter.max(offset.rawValue, ordering: .acquiringAndReleasing)
    let retired = try retire(
      deleteDelayMilliseconds: deleteDelayMilliseconds, now: now
    ) { (all) throws(LogError) in
      zip(all, all.dropFirst()).prefix { $1.baseOffset <= offset }.count
    }
    try services.writeLogStarts()
    if let retired { try discard(retired) }
  }

  /// Takes the first segments out of the log, as many as `count` says of them all.
  ///
  /// What follows is made durable first, so that a crash finds the log at its new start and not
  /// empty. Nothing goes while the cleaner has a swap to complete.
  private func retire(
    deleteDelayMilliseconds: Int64, now: Int64,
    count: ([Segment]) throws(LogError) -> Int
  ) throws(LogError) -> RetiredSegments? {
    try compaction.pendingSwap.withLock { (pending) throws(LogError) in
      guard pending == nil else { return nil }
      // One look at the list: another thread may delete records meanwhile, and a count of the first
      // would be one of others then.
      let all = segments
      let doomed = all.prefix(try count(all))
      guard let last = doomed.last else { return nil }
      for segment in doomed { try segment.detach() }
      guard let next = segments.first(where: { $0.baseOffset > last.baseOffset }) else {
        return nil
      }
      try syncNames()
      exclude(before: next)
      return RetiredSegments(
        log: self, segments: Array(doomed), start: next.baseOffset,
        dueMilliseconds: now.addingClamped(deleteDelayMilliseconds))
    }
  }

  private func exclude(before next: Segment) {
    _ = startCounter.max(next.baseOffset.rawValue, ordering: .acquiringAndReleasing)
    state.withLock { state in
      segmentList.withLock { list in list.removeAll { $0.baseOffset < next.baseOffset } }
      state.epochs.advanceStart(to: next.baseOffset)
    }
    // A log that nobody commits would keep its first segment's file, and its blocks, for good.
    commitPoint.withLock { point in
      guard point.segment.baseOffset < next.baseOffset else { return }
      point = CommitPoint(segment: next, position: 0)
    }
  }

  /// Renames the files of retired segments; they are unlinked later.
  ///
  /// After the log's start was made durable: the renames may reach the disk in any order.
  func discard(_ retired: RetiredSegments) throws(LogError) {
    var renamed: [String] = []
    // Not while the log is reset: a file may be another segment's by then.
    try compaction.pendingSwap.withLock { _ throws(LogError) in
      let bases = Set(segments.map(\.baseOffset))
      do throws(DiskError) {
        for segment in retired.segments where !bases.contains(segment.baseOffset) {
          renamed += try renameFiles(of: segment)
        }
      } catch {
        throw LogError(error)
      }
      try removeSnapshots { $0 < min(retired.start, bases.min() ?? .zero) }
    }
    services.deletions.add(renamed, dueMilliseconds: retired.dueMilliseconds)
  }

  private func renameFiles(of segment: Segment) throws(DiskError) -> [String] {
    var renamed: [String] = []
    for kind in [SegmentFileName.Kind.log, .index, .timeindex, .txnindex] {
      let path = segment.path(kind)
      guard try services.disk.kind(of: path) == .file else { continue }
      let name = SegmentFileName(baseOffset: segment.baseOffset, kind: kind, state: .deleted)
      try services.disk.rename(path, to: directory.path(name))
      renamed.append(directory.path(name))
    }
    return renamed
  }
}

/// Segments that are no part of their log any more and whose files are still there.
struct RetiredSegments: Sendable {
  var log: PartitionLog
  var segments: [Segment]
  /// Where the log begins now.
  var start: Offset
  var dueMilliseconds: Int64
}
