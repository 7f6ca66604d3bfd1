import MoldauDisk
import MoldauFormat

/// What is derived from the batches of a segment, gathered batch by batch.
struct SegmentScan {
  private let baseOffset: Offset
  private let indexIntervalBytes: Int
  private(set) var offsets = OffsetIndex()
  private(set) var times = TimeIndex()
  /// The latest timestamp and the last offset of the first batch that holds it.
  private(set) var latest: TimeIndexEntry?
  /// The bytes since the last index entry.
  private(set) var unindexedByteCount = 0
  private var isBehindEntry = false

  init(baseOffset: Offset, indexIntervalBytes: Int) {
    self.baseOffset = baseOffset
    self.indexIntervalBytes = indexIntervalBytes
  }

  /// Takes the batch at `position` into account.
  ///
  /// As Kafka does: an entry is due once more than the interval was appended before this batch.
  mutating func add(_ header: RecordBatchHeader, at position: Int) {
    let relative = noteTime(header)
    if unindexedByteCount > indexIntervalBytes {
      offsets.append(relativeOffset: relative, position: position)
      finishTimes()
      unindexedByteCount = 0
    }
    unindexedByteCount += header.batchByteCount
  }

  @discardableResult
  private mutating func noteTime(_ header: RecordBatchHeader) -> Int32 {
    let relative = Int32(clamping: header.lastOffset - baseOffset)
    if header.maxTimestampMilliseconds > latest?.timestampMilliseconds ?? -1 {
      latest = TimeIndexEntry(
        timestampMilliseconds: header.maxTimestampMilliseconds, relativeOffset: relative)
    }
    return relative
  }

  /// Goes on behind indexes that were read from files.
  mutating func resume(offsets: OffsetIndex, times: TimeIndex) {
    self.offsets = offsets.growing()
    self.times = times
    latest = times.last
  }

  /// Goes on from the batch of the last index entry, without the entries.
  mutating func resume(latest: TimeIndexEntry?, at position: Int) {
    self.latest = latest
    isBehindEntry = position > 0
  }

  /// Takes a batch into account whose index entries are known.
  mutating func note(_ header: RecordBatchHeader, at position: Int) {
    if isBehindEntry { unindexedByteCount = 0 }
    isBehindEntry = false
    noteTime(header)
    unindexedByteCount += header.batchByteCount
  }

  /// Adds the time index entry that is forced when a segment is rolled or closed.
  mutating func finishTimes() {
    if let latest { times.append(latest) }
  }

  /// Reads batches that were checked before.
  mutating func readBatches(
    of file: any DiskFile, from start: Int, to end: Int
  ) throws(LogError) {
    var reader = BatchReader(file: file, from: start, to: end, checksChecksums: false)
    while true {
      switch try reader.next() {
      case .batch(let header, let position):
        add(header, at: position)
      case .end:
        return
      case .invalid(let reason, let position):
        throw .corrupt(
          path: file.path, position: FilePosition(rawValue: position), reason: reason)
      }
    }
  }
}
