import MoldauDisk
import MoldauFormat
import Synchronization

/// One walk of the cleaner over a log.
///
/// Reads the dirty section to learn the newest offset of each key, then writes all segments below its
/// end anew, group by group, and puts each in place before it begins the next. What stops it leaves
/// the log as it was or with some groups done, which is as good. Owned by one thread.
struct CompactionPass: ~Copyable {
  private let log: PartitionLog
  private let configuration: TopicConfiguration
  private let plan: CompactionPlan
  private let services: StoreServices
  private let pace: CompactionPace
  private let nowMilliseconds: Int64
  private var report = CompactionReport()

  init(
    _ log: PartitionLog, _ configuration: TopicConfiguration, _ plan: CompactionPlan,
    pace: CompactionPace, nowMilliseconds: Int64
  ) {
    self.log = log
    self.configuration = configuration
    self.plan = plan
    self.pace = pace
    self.nowMilliseconds = nowMilliseconds
    services = log.services
  }

  /// - Throws: `corrupt` for a batch that cannot be read; `closed` when the store or topic is.
  consuming func run(maxMapBytes: Int) throws(LogError) -> CompactionReport {
    let started = ContinuousClock.now
    try log.removeUncommittedSwaps()
    let aborted = try log.abortedTransactions(from: plan.segments[0].baseOffset, to: plan.end)
    var generator = services.random
    var map = KeyOffsetMap(
      maxBytes: maxMapBytes, expectedKeyCount: max(0, Int(plan.end - plan.firstDirtyOffset)),
      using: &generator)
    let end = try learnKeys(&map, aborted)
    let rules = BatchCleaner.Rules(
      end: end, nowMilliseconds: nowMilliseconds,
      tombstoneRetentionMilliseconds: configuration.tombstoneRetention.milliseconds,
      producers: log.state.withLock { LastBatches($0.producers) })
    var cleaner = BatchCleaner(
      map: map, rules: rules, transactions: CleanedTransactions(aborted))
    for group in try plan.groups(configuration, below: end) { try clean(group, &cleaner) }
    log.compaction.noteCleaned(to: end)
    let horizon = cleaner.nextHorizonMilliseconds
    log.compaction.status.withLock { $0.nextHorizonMilliseconds = horizon }
    report.removedRecordCount = cleaner.removedRecordCount
    report.passCount = 1
    report.duration = started.duration(to: .now)
    return report
  }

  // MARK: The dirty section

  /// Puts the keys of the dirty section in the map; returns the offset after the last that it took.
  private mutating func learnKeys(
    _ map: inout KeyOffsetMap, _ aborted: [AbortedTransaction]
  ) throws(LogError) -> Offset {
    var transactions = CleanedTransactions(aborted)
    var plain: [UInt8] = []
    for (index, segment) in plan.segments.enumerated() {
      let end = index + 1 < plan.segments.count ? plan.segments[index + 1].baseOffset : plan.end
      guard end > plan.firstDirtyOffset else { continue }
      let start = try segment.floor(of: max(plan.firstDirtyOffset, segment.baseOffset))
      var reader = BatchReader(
        file: try segment.file(), from: start, to: segment.byteCount, checksChecksums: true)
      while let (header, position) = try next(&reader, of: segment) {
        let isAborted = !header.attributes.isControl && transactions.isAborted(header)
        guard !header.attributes.isControl, !isAborted, header.recordCount > 0,
          header.lastOffset >= plan.firstDirtyOffset
        else { continue }
        do throws(FormatError) {
          let full = try unsafe Self.learn(
            reader.batch, header, from: plan.firstDirtyOffset, &plain, &map)
          if let full { return full }
        } catch {
          throw .corrupt(
            path: segment.logPath, position: FilePosition(rawValue: position), reason: error)
        }
      }
    }
    return plan.end
  }

  /// Returns the offset of the first record that the map has no room for, if there is one.
  private static func learn(
    _ batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader, from first: Offset,
    _ plain: inout [UInt8], _ map: inout KeyOffsetMap
  ) throws(FormatError) -> Offset? {
    let records = unsafe UnsafeRawBufferPointer(
      rebasing: batch[RecordBatchHeader.byteCount..<header.batchByteCount])
    guard header.attributes.codec != .some(.none) else {
      // SAFETY: the span is used within this call, for which the batch's bytes stay valid.
      return try unsafe learn(records.bytes, header, from: first, &map)
    }
    // SAFETY: as above; the array is not changed while its span is used.
    try unsafe BatchCleaner.decompress(records.bytes, header, into: &plain)
    return try unsafe learn(plain.span.bytes, header, from: first, &map)
  }

  private static func learn(
    _ records: RawSpan, _ header: RecordBatchHeader, from first: Offset,
    _ map: inout KeyOffsetMap
  ) throws(FormatError) -> Offset? {
    var reader = RecordReader(records, header)
    while let record = try reader.next() {
      guard record.offset >= first, let key = record.key else { continue }
      if !map.put(key, at: record.offset) { return record.offset }
    }
    return nil
  }

  // MARK: Writing

  private mutating func clean(
    _ group: CompactionGroup, _ cleaner: inout BatchCleaner
  ) throws(LogError) {
    try services.checkHealth()
    var writer = CleanedSegmentWriter(first: group.segments[0], directory: log.directory)
    for (index, segment) in group.segments.enumerated() {
      if index > 0 { try writer.beginChange() }
      let isLast = index + 1 == group.segments.count
      try copy(segment, isLast: isLast, &cleaner, to: &writer)
    }
    let last = group.segments[group.segments.count - 1]
    guard
      let cleaned = try writer.finish(modifiedMilliseconds: try log.modificationTime(of: last))
    else { return }
    try pace.spend(0, log)
    try log.replace(
      group.segments, byteCount: cleaned.byteCount,
      dueMilliseconds: nowMilliseconds.addingClamped(configuration.deleteDelay.milliseconds))
    report.segmentCount += group.segments.count
    report.writtenByteCount += cleaned.byteCount
  }

  private mutating func copy(
    _ segment: Segment, isLast: Bool, _ cleaner: inout BatchCleaner,
    to writer: inout CleanedSegmentWriter
  ) throws(LogError) {
    let byteCount = segment.byteCount
    var reader = BatchReader(
      file: try segment.file(), from: 0, to: byteCount, checksChecksums: true)
    while let (header, position) = try next(&reader, of: segment) {
      let outcome: BatchCleaner.Outcome
      do throws(FormatError) {
        // The last batch of a segment tells recovery which segments it stands for.
        outcome = try unsafe cleaner.clean(
          reader.batch, header,
          staysAnyway: isLast && position + header.batchByteCount == byteCount)
      } catch {
        throw .corrupt(
          path: segment.logPath, position: FilePosition(rawValue: position), reason: error)
      }
      switch outcome {
      case .removed:
        try writer.beginChange()
      case .unchanged:
        // SAFETY: the span is used within this call, for which the batch's bytes stay valid.
        try unsafe writer.add(reader.batch.bytes, header, aborted: cleaner.abortedEntry)
      case .rewritten:
        try writer.beginChange()
        let entry = cleaner.abortedEntry
        try cleaner.withRewritten { (batch) throws(LogError) in
          let header: RecordBatchHeader
          do throws(FormatError) { header = try RecordBatchHeader(parsing: batch) } catch {
            preconditionFailure("a batch that was just written is malformed: \(error)")
          }
          try writer.add(batch, header, aborted: entry)
        }
      }
    }
  }

  /// The next batch of a segment; `nil` at its end.
  private mutating func next(
    _ reader: inout BatchReader, of segment: Segment
  ) throws(LogError) -> (header: RecordBatchHeader, position: Int)? {
    switch try reader.next() {
    case .batch(let header, let position):
      report.readByteCount += header.batchByteCount
      try pace.spend(header.batchByteCount, log)
      return (header, position)
    case .end:
      return nil
    case .invalid(let reason, let position):
      throw .corrupt(
        path: segment.logPath, position: FilePosition(rawValue: position), reason: reason)
    }
  }
}
