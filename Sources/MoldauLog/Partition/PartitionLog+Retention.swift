import MoldauDisk
package import MoldauFormat
import Synchronization

extension PartitionLog {
  /// Deletes the segments that the topic's configuration lets go at the time `now`.
  ///
  /// By the maintenance thread. Appenders wait for the change of the list of segments alone.
  func enforceRetention(_ configuration: TopicConfiguration, now: Int64) {
    guard !configuration.isCompacted, !services.isPoisoned else { return }
    do throws(LogError) {
      if let age = configuration.retentionAgeMilliseconds {
        try deleteExpired(before: now - age, configuration, now: now)
      }
      if let limit = configuration.retentionBytes {
        try deleteAbove(limit, configuration, now: now)
      }
    } catch {
      services.logger.error("\(identity): retention: \(error)")
    }
  }

  private func deleteExpired(
    before deadline: Int64, _ configuration: TopicConfiguration, now: Int64
  ) throws(LogError) {
    let all = segments
    var count = 0
    while count < all.count, try isExpired(all[count], before: deadline) { count += 1 }
    if count == all.count {
      // The active segment's records are expired too: a new one takes its place. A record may have
      // come since the look at it, so look again now that it is sealed.
      try rollNow()
      if let last = all.last, try !isExpired(last, before: deadline) { count -= 1 }
    }
    try delete(all.prefix(count), configuration, now: now)
  }

  private func isExpired(_ segment: Segment, before deadline: Int64) throws(LogError) -> Bool {
    guard segment.byteCount > 0 else { return false }
    let latest =
      segment.isSealed
      ? try segment.timeIndex().last?.timestampMilliseconds
      : state.withLock { $0.latest?.timestampMilliseconds }
    guard let latest else { return false }
    return latest < deadline
  }

  private func deleteAbove(
    _ limit: Int, _ configuration: TopicConfiguration, now: Int64
  ) throws(LogError) {
    let all = segments
    var excess = byteCount - limit
    var count = 0
    while count < all.count - 1, excess - all[count].byteCount >= 0 {
      excess -= all[count].byteCount
      count += 1
    }
    try delete(all.prefix(count), configuration, now: now)
  }

  /// Moves the log's start up to `offset`; segments that lie wholly below go (KIP-107).
  package func deleteRecords(
    before offset: Offset, _ configuration: TopicConfiguration, now: Int64
  ) throws(LogError) {
    try services.checkHealth()
    try checkRange(offset, end: endOffset)
    if offset == endOffset { try rollNow() }
    _ = startCounter.max(offset.rawValue, ordering: .acquiringAndReleasing)
    let all = segments
    let count = zip(all, all.dropFirst()).prefix { $1.baseOffset <= offset }.count
    try delete(all.prefix(count), configuration, now: now)
  }

  /// Takes the first segments out of the log and renames their files; they are unlinked later.
  ///
  /// What follows is made durable first, so that a crash finds the log at its new start and not
  /// empty.
  private func delete(
    _ doomed: ArraySlice<Segment>, _ configuration: TopicConfiguration, now: Int64
  ) throws(LogError) {
    guard let last = doomed.last else { return }
    for segment in doomed { try segment.pin() }
    let all = segments
    guard let next = all.first(where: { $0.baseOffset > last.baseOffset }) else { return }
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
    var renamed: [String] = []
    do throws(DiskError) {
      for segment in doomed { renamed += try renameFiles(of: segment) }
      try removeSnapshots(below: next.baseOffset)
    } catch {
      throw LogError(error)
    }
    services.deletions.add(
      renamed, dueMilliseconds: now + configuration.deleteDelay.milliseconds)
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

  private func removeSnapshots(below offset: Offset) throws(DiskError) {
    for entry in try services.disk.list(directory.path) where entry.kind == .file {
      guard let name = SegmentFileName(parsing: entry.name), name.kind == .snapshot,
        name.baseOffset < offset
      else { continue }
      try services.disk.remove(directory.path(entry.name))
    }
  }
}
