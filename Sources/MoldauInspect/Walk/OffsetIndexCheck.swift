import MoldauFormat

/// Holds the entries of a segment's offset index against its batches, which come front to back.
///
/// An entry is right when a batch begins at its position, it names an offset of that batch or of
/// those behind it up to the next entry's, and entries rise. (One entry may stand for several
/// batches that were appended together, as compaction does.)
struct OffsetIndexCheck {
  let entries: [OffsetIndexEntry]
  /// The zeros behind the entries that a killed broker leaves.
  let zeroTailByteCount: Int
  private let baseOffset: Offset
  private(set) var problems: [Int: String] = [:]
  private var next = 0

  /// Parses a file's bytes; throws when they are no entries.
  init(_ bytes: [UInt8], baseOffset: Offset) throws(FormatError) {
    self.baseOffset = baseOffset
    let parsed = try IndexEntries.parse(
      bytes, byteCount: OffsetIndexEntry.byteCount, OffsetIndexEntry.init(parsing:))
    entries = parsed.entries
    zeroTailByteCount = parsed.zeroTailByteCount
    for index in entries.indices.dropFirst() {
      let (before, entry) = (entries[index - 1], entries[index])
      if entry.relativeOffset <= before.relativeOffset || entry.position <= before.position {
        problems[index] = "it is not above the entry before it"
      }
    }
  }

  /// Takes the batch at `position` into account.
  mutating func add(_ header: RecordBatchHeader, at position: Int) {
    while next < entries.count, Int(entries[next].position) < position {
      note(next, "no batch begins at position \(entries[next].position)")
      next += 1
    }
    guard next < entries.count, Int(entries[next].position) == position else { return }
    if offset(of: next) < header.lastOffset {
      note(next, "the batch there ends with offset \(header.lastOffset)")
    }
    if next > 0, offset(of: next - 1) >= header.baseOffset {
      note(next - 1, "its offset lies behind the next entry's batch")
    }
    next += 1
  }

  /// Passes over entries that point into bytes of which nothing can be said.
  mutating func skip(_ range: Range<Int>) {
    while next < entries.count, Int(entries[next].position) < range.upperBound {
      if Int(entries[next].position) < range.lowerBound {
        note(next, "no batch begins at position \(entries[next].position)")
      }
      next += 1
    }
  }

  /// Ends the check at the log's end.
  mutating func finish(lastOffset: Offset?) {
    for index in next..<entries.count { note(index, "it lies behind the end of the log") }
    if let lastOffset, next > 0, next == entries.count, offset(of: next - 1) > lastOffset {
      note(next - 1, "its offset lies behind the end of the log")
    }
    next = entries.count
  }

  func offset(of index: Int) -> Offset {
    baseOffset.advanced(by: Int64(entries[index].relativeOffset))
  }

  private mutating func note(_ index: Int, _ text: String) {
    problems[index] = problems[index] ?? text
  }
}

/// The entries of an index file and the zeros behind them.
enum IndexEntries {
  static func parse<Entry>(
    _ bytes: [UInt8], byteCount: Int, _ parse: (RawSpan) throws(FormatError) -> Entry
  ) throws(FormatError) -> (entries: [Entry], zeroTailByteCount: Int) {
    guard bytes.count.isMultiple(of: byteCount) else {
      throw .lengthOutOfRange(field: "file size", length: bytes.count)
    }
    let written = bytes.lastIndex { $0 != 0 }.map { $0 / byteCount + 1 } ?? 0
    let count = written == 0 && bytes.count == byteCount ? 1 : written
    var entries: [Entry] = []
    entries.reserveCapacity(count)
    for index in 0..<count {
      let range = index * byteCount..<(index + 1) * byteCount
      entries.append(try unsafe parse(bytes.span.bytes.extracting(range)))
    }
    return (entries, bytes.count - count * byteCount)
  }
}
