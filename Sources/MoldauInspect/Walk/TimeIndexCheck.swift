import MoldauFormat

/// Holds the entries of a segment's time index against its batches, which come front to back.
///
/// An entry is right when its timestamp is the latest of the records up to its offset; and the
/// timestamps rise.
struct TimeIndexCheck {
  let entries: [TimeIndexEntry]
  /// The zeros behind the entries that a killed broker leaves.
  let zeroTailByteCount: Int
  private let baseOffset: Offset
  private(set) var problems: [Int: String] = [:]
  private var next = 0
  private(set) var latestMilliseconds: Int64 = -1

  /// Parses a file's bytes; throws when they are no entries.
  init(_ bytes: [UInt8], baseOffset: Offset) throws(FormatError) {
    self.baseOffset = baseOffset
    let parsed = try IndexEntries.parse(
      bytes, byteCount: TimeIndexEntry.byteCount, TimeIndexEntry.init(parsing:))
    entries = parsed.entries
    zeroTailByteCount = parsed.zeroTailByteCount
    for index in entries.indices.dropFirst() {
      let (before, entry) = (entries[index - 1], entries[index])
      if entry.timestampMilliseconds <= before.timestampMilliseconds
        || entry.relativeOffset < before.relativeOffset
      {
        problems[index] = "it is not above the entry before it"
      }
    }
  }

  /// Takes a batch into account.
  mutating func add(_ header: RecordBatchHeader) {
    let before = latestMilliseconds
    latestMilliseconds = max(latestMilliseconds, header.maxTimestampMilliseconds)
    while next < entries.count, offset(of: next) <= header.lastOffset {
      let time = entries[next].timestampMilliseconds
      if time > latestMilliseconds {
        note(next, "no record up to its offset is that late")
      } else if time < (offset(of: next) == header.lastOffset ? latestMilliseconds : before) {
        note(next, "a record up to its offset is later")
      }
      next += 1
    }
  }

  /// Passes over entries whose offsets are lost; what the log's latest timestamp is, is unknown then.
  mutating func skip(to offset: Offset) {
    while next < entries.count, self.offset(of: next) < offset {
      latestMilliseconds = max(latestMilliseconds, entries[next].timestampMilliseconds)
      next += 1
    }
  }

  /// Ends the check at the log's end.
  mutating func finish() {
    for index in next..<entries.count { note(index, "it lies behind the end of the log") }
    next = entries.count
  }

  func offset(of index: Int) -> Offset {
    baseOffset.advanced(by: Int64(entries[index].relativeOffset))
  }

  private mutating func note(_ index: Int, _ text: String) {
    problems[index] = problems[index] ?? text
  }
}
