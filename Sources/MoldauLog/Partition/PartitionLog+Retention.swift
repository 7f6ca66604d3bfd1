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
      // One look at the list: another thread may delete records meanwhile, and a count of the first
      // would be one of others then.
      let all = segments
      var doomed = 0
      if let age = configuration.retentionAgeMilliseconds {
        doomed = try expiredCount(of: all, before: now.subtractingClamped(age))
      }
      if let limit = configuration.retentionBytes {
        doomed = max(doomed, excessCount(of: all, above: limit))
      }
      return try retire(all.prefix(doomed), configuration, now: now)
    } catch {
      services.logger.error("\(identity): retention: \(error)")
      return nil
    }
  }

  private func expiredCount(
    of all: [Segment], before deadline: Int64
  ) throws(LogError) -> Int {
    var count = 0
    while count < all.count, try isExpired(all[count], before: deadline) { count += 1 }
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
    let latest =
      segment.isSealed
      ? try segment.latestTime()?.timestampMilliseconds
      : state.withLock { $0.latest?.timestampMilliseconds }
    guard let latest else { return false }
    return latest < deadline
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
    try services.checkHealth()
    try checkRange(offset, end: endOffset)
    if offset == endOffset { try rollNow() }
    // What is deleted has to be durable first, else a crash could end the log below its start.
    try syncFiles(before: offset)
    _ = startCounter.max(offset.rawValue, ordering: .acquiringAndReleasing)
    let all = segments
    let count = zip(all, all.dropFirst()).prefix { $1.baseOffset <= offset }.count
    let retired = try retire(all.prefix(count), configuration, now: now)
    try services.writeLogStarts()
    if let retired { try discard(retired) }
  }

  /// Takes the first segments out of the log.
  ///
  /// What follows is made durable first, so that a crash finds the log at its new start and not
  /// empty.
  private func retire(
    _ doomed: ArraySlice<Segment>, _ configuration: TopicConfiguration, now: Int64
  ) throws(LogError) -> RetiredSegments? {
    guard let last = doomed.last else { return nil }
    for segment in doomed { try segment.pin() }
    let all = segments
    guard let next = all.first(where: { $0.baseOffset > last.baseOffset }) else { return nil }
    try syncNames()
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
    return RetiredSegments(
      log: self, segments: Array(doomed), start: next.baseOffset,
      dueMilliseconds: now.addingClamped(configuration.deleteDelay.milliseconds))
  }

  /// Renames the files of retired segments; they are unlinked later.
  ///
  /// After the log's start was made durable: the renames may reach the disk in any order.
  func discard(_ retired: RetiredSegments) throws(LogError) {
    var renamed: [String] = []
    do throws(DiskError) {
      for segment in retired.segments { renamed += try renameFiles(of: segment) }
    } catch {
      throw LogError(error)
    }
    try removeSnapshots { $0 < retired.start }
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
