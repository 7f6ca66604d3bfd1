import MoldauFormat

/// The part of a log that a pass could clean, and how much there is to gain.
///
/// It ends before the active segment, the first undecided transaction, the high watermark,
/// what is not synced in its segment, and what is younger than `minCompactionLag`.
struct CompactionPlan: Sendable {
  /// From the log's first on.
  var segments: [Segment]
  /// The offset after the last of the segments.
  var end: Offset
  /// All below was cleaned by an earlier pass.
  var firstDirtyOffset: Offset
  var cleanByteCount: Int
  var dirtyByteCount: Int
  /// Whether a record has waited for longer than `maxCompactionLag`, or a tombstone may go.
  var isOverdue: Bool

  /// The share of the part that was not cleaned yet.
  var dirtyRatio: Double {
    dirtyByteCount == 0 ? 0 : Double(dirtyByteCount) / Double(cleanByteCount + dirtyByteCount)
  }

  func isDue(_ configuration: TopicConfiguration) -> Bool {
    isOverdue || (dirtyByteCount > 0 && dirtyRatio > configuration.minDirtyRatio)
  }

  /// The segments in groups that can each become one segment, in the log's order.
  ///
  /// A group has no more bytes than a segment may have, no more index entries, and spans offsets
  /// that fit in an index. A segment without batches is in none.
  func groups(
    _ configuration: TopicConfiguration, below limit: Offset
  ) throws(LogError) -> [CompactionGroup] {
    var groups: [CompactionGroup] = []
    var current: CompactionGroup?
    let maxEntryCount = configuration.maxIndexBytes / TimeIndexEntry.byteCount
    for (index, segment) in segments.enumerated() where segment.baseOffset < limit {
      let next = index + 1 < segments.count ? segments[index + 1].baseOffset : end
      guard segment.byteCount > 0 else {
        if let current { groups.append(current) }
        current = nil
        continue
      }
      let entryCount = try segment.indexEntryCount()
      if var group = current,
        group.byteCount + segment.byteCount <= configuration.segmentBytes,
        group.indexEntryCount + entryCount <= maxEntryCount,
        next - group.segments[0].baseOffset <= Int64(Int32.max)
      {
        group.segments.append(segment)
        group.byteCount += segment.byteCount
        group.indexEntryCount += entryCount
        current = group
      } else {
        if let current { groups.append(current) }
        current = CompactionGroup(
          segments: [segment], byteCount: segment.byteCount, indexEntryCount: entryCount)
      }
    }
    if let current { groups.append(current) }
    return groups
  }
}

/// Segments, one behind the other, that become one.
struct CompactionGroup: Sendable {
  var segments: [Segment]
  var byteCount: Int
  var indexEntryCount: Int
}

extension PartitionLog {
  /// What a pass could do at the time `now`; `nil` when there is nothing.
  ///
  /// Reads, at the most, a header and the last entry of a time index for each dirty segment.
  func compactionPlan(
    _ configuration: TopicConfiguration, now: Int64
  ) throws(LogError) -> CompactionPlan? {
    guard configuration.isCompacted, !isDeleted, !isClosed else { return nil }
    let all = segments
    guard all.count > 1 else { return nil }
    let limit = min(recoveryPoint, lastStableOffset, highWatermark ?? endOffset)
    let youngest = now.subtractingClamped(configuration.minCompactionLag.milliseconds)
    var cleanable: [Segment] = []
    var end = all[0].baseOffset
    // A replica's last batch stays: one that is made anew would never come to the log's end.
    let isEndEmpty = services.isReplicated && all[all.count - 1].byteCount == 0
    for (segment, next) in zip(all, all.dropFirst().dropLast(isEndEmpty ? 1 : 0)) {
      guard next.baseOffset <= limit, segment.isSealed, segment.hasDurableIndexes else { break }
      if configuration.minCompactionLag > .zero, try time(of: segment) > youngest { break }
      cleanable.append(segment)
      end = next.baseOffset
    }
    let dirty = firstDirtyOffset(all)
    var plan = CompactionPlan(
      segments: cleanable, end: end, firstDirtyOffset: dirty, cleanByteCount: 0, dirtyByteCount: 0,
      isOverdue: false)
    for (index, segment) in cleanable.enumerated() {
      let next = index + 1 < cleanable.count ? cleanable[index + 1].baseOffset : end
      if next <= dirty {
        plan.cleanByteCount += segment.byteCount
      } else {
        plan.dirtyByteCount += segment.byteCount
        if !plan.isOverdue { plan.isOverdue = try isOverdue(segment, configuration, now: now) }
      }
    }
    if let horizon = compaction.status.withLock({ $0.nextHorizonMilliseconds }), horizon <= now {
      plan.isOverdue = true
    }
    return cleanable.isEmpty || (plan.dirtyByteCount == 0 && !plan.isOverdue) ? nil : plan
  }

  /// Where the next pass begins; at the log's start when what a checkpoint says cannot be.
  private func firstDirtyOffset(_ all: [Segment]) -> Offset {
    let start = max(startOffset, all[0].baseOffset)
    guard let cleaned = compaction.cleanedOffset, cleaned >= start,
      cleaned <= all[all.count - 1].baseOffset
    else { return start }
    return cleaned
  }

  private func isOverdue(
    _ segment: Segment, _ configuration: TopicConfiguration, now: Int64
  ) throws(LogError) -> Bool {
    let lag = configuration.maxCompactionLag
    guard lag < TopicConfiguration.unbounded, segment.byteCount > 0 else { return false }
    var reader = BatchReader(
      file: try segment.file(), from: 0,
      to: min(segment.byteCount, RecordBatchHeader.byteCount), checksChecksums: false)
    guard let first = try reader.nextHeader() else { return false }
    let time =
      first.maxTimestampMilliseconds < 0
      ? try modificationTime(of: segment) : first.maxTimestampMilliseconds
    return time < now.subtractingClamped(lag.milliseconds)
  }

  /// Seals the active segment when its first record has waited for longer than `maxCompactionLag`.
  func rollOverdue(_ configuration: TopicConfiguration, now: Int64) throws(LogError) {
    let lag = configuration.maxCompactionLag
    guard lag < TopicConfiguration.unbounded else { return }
    let first = state.withLock { state in
      state.position > 0 && !state.isClosed ? state.firstTimestampMilliseconds : nil
    }
    guard let first, first >= 0, first < now.subtractingClamped(lag.milliseconds) else { return }
    try rollNow()
  }
}
