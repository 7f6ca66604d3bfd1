import MoldauFormat

/// How full a segment is, by which the next batch goes to it or to a new one.
struct SegmentFill {
  let baseOffset: Offset
  private(set) var byteCount: Int
  private var indexEntryCount: Int
  private var unindexedByteCount: Int
  private var firstTimestampMilliseconds: Int64?

  /// The active segment's.
  init(_ state: AppendState) {
    baseOffset = state.active.baseOffset
    byteCount = state.position
    indexEntryCount = state.indexEntryCount
    unindexedByteCount = state.unindexedByteCount
    firstTimestampMilliseconds = state.firstTimestampMilliseconds
  }

  /// Whether a batch is for the next segment.
  func isFull(for header: RecordBatchHeader, _ settings: AppendSettings) -> Bool {
    guard byteCount > 0 else { return false }
    if byteCount + header.batchByteCount > settings.segmentBytes { return true }
    if indexEntryCount >= settings.maxIndexEntries { return true }
    if header.lastOffset - baseOffset > Int64(Int32.max) { return true }
    guard let first = firstTimestampMilliseconds else { return false }
    // Timestamps are their producers': any two int64.
    let (age, overflows) = header.maxTimestampMilliseconds.subtractingReportingOverflow(first)
    return overflows ? first < 0 : age > settings.segmentAgeMilliseconds
  }

  /// Takes a batch into account, as `PartitionLog.note` does when it is written.
  mutating func add(_ header: RecordBatchHeader, _ settings: AppendSettings) {
    firstTimestampMilliseconds = firstTimestampMilliseconds ?? header.maxTimestampMilliseconds
    if unindexedByteCount > settings.indexIntervalBytes {
      indexEntryCount += 1
      unindexedByteCount = 0
    }
    unindexedByteCount += header.batchByteCount
    byteCount += header.batchByteCount
  }
}
