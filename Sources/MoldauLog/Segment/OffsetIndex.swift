import MoldauDisk
import MoldauFormat

/// Finds the file position from which to scan a segment for an offset.
///
/// Sparse: one entry per `indexIntervalBytes` of log, so a lookup ends in a short scan. An entry is
/// held as the eight bytes of the file: the relative offset, then the position, both big-endian.
/// File format: docs/format/offset-index.md. Owned by one `Segment`, which guards it.
struct OffsetIndex: Sendable {
  private enum Storage: Sendable {
    case growing([UInt64])
    case mapped(any MappedRegion, entryCount: Int)
  }

  private var storage: Storage

  init() {
    storage = .growing([])
  }

  /// Reads entries from `region`, whose file ends after `byteCount` bytes.
  ///
  /// Returns `nil` when they are not what a segment of `logByteCount` bytes can have: the index is
  /// then rebuilt from the log. Zeros behind the last entry, which Kafka leaves in the index of a
  /// killed broker, are passed over.
  /// - Complexity: O(*n*), once for each time a segment's index is opened.
  init?(mapping region: any MappedRegion, byteCount: Int, logByteCount: Int) {
    guard byteCount.isMultiple(of: OffsetIndexEntry.byteCount), byteCount <= region.count else {
      return nil
    }
    let count = byteCount / OffsetIndexEntry.byteCount
    let base = unsafe UnsafeRawPointer(region.base)
    var last: UInt64 = 0
    var valid = 0
    while valid < count {
      let entry = unsafe Self.entry(valid, of: base)
      if entry == 0 && valid > 0 { break }
      let position = Int(UInt32(truncatingIfNeeded: entry))
      let isAfterLast =
        valid == 0
        || (entry >> 32 > last >> 32 && position > Int(UInt32(truncatingIfNeeded: last)))
      guard isAfterLast, position < logByteCount else { return nil }
      last = entry
      valid += 1
    }
    for rest in valid..<max(valid, count) {
      guard unsafe Self.entry(rest, of: base) == 0 else { return nil }
    }
    storage = .mapped(region, entryCount: valid)
  }

  var count: Int {
    switch storage {
    case .growing(let entries): entries.count
    case .mapped(_, let entryCount): entryCount
    }
  }

  /// Whether the entries are read from a file in memory.
  var isMapped: Bool {
    if case .mapped = storage { true } else { false }
  }

  /// The same entries in an index that can grow.
  func growing() -> OffsetIndex {
    var result = OffsetIndex()
    result.storage = .growing((0..<count).map { self[$0].bigEndian })
    return result
  }

  /// The position that the last entry holds, 0 without one.
  var lastPosition: Int {
    count == 0 ? 0 : Int(UInt32(truncatingIfNeeded: self[count - 1]))
  }

  /// Adds the batch whose last offset lies `relativeOffset` above the segment's base.
  ///
  /// - Precondition: the index was not read from a file, and both values are above the last entry's.
  mutating func append(relativeOffset: Int32, position: Int) {
    guard case .growing(var entries) = storage else {
      preconditionFailure("append to the index of a sealed segment")
    }
    let entry = UInt64(relativeOffset) << 32 | UInt64(position)
    precondition(entries.last.map { $0.bigEndian < entry } ?? true, "index entries grow")
    storage = .growing([])
    entries.append(entry.bigEndian)
    storage = .growing(entries)
  }

  /// Returns the position of a batch at or before the one that holds the relative offset.
  ///
  /// An entry names a batch by its last offset, so only an entry at or below the target is safe;
  /// position 0 when there is none.
  /// - Complexity: O(log *n*); no allocation, no lock.
  func floor(of relativeOffset: Int32) -> Int {
    let target = UInt32(clamping: relativeOffset)
    return unsafe withEntries { base, count in
      unsafe Self.floor(base, count, shift: 32, atOrBelow: target)
    }
  }

  /// Returns the greatest indexed batch start at or below `position`, 0 when there is none.
  func floor(ofPosition position: Int) -> Int {
    let target = UInt32(clamping: position)
    return unsafe withEntries { base, count in
      unsafe Self.floor(base, count, shift: 0, atOrBelow: target)
    }
  }

  /// The file's bytes.
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * OffsetIndexEntry.byteCount)
    for index in 0..<count {
      bytes.appendBigEndian(self[index])
    }
    return bytes
  }

  /// Drops the entries at or above `position`, after a truncation of the log to it.
  func truncated(toPosition position: Int) -> OffsetIndex {
    var result = OffsetIndex()
    result.storage = .growing(
      (0..<count).map { self[$0] }.filter { Int(UInt32(truncatingIfNeeded: $0)) < position }
        .map(\.bigEndian))
    return result
  }

  private subscript(index: Int) -> UInt64 {
    unsafe withEntries { base, count in
      precondition(index >= 0 && index < count, "no such entry")
      return unsafe Self.entry(index, of: base)
    }
  }

  /// Calls `body` with where the entries are and how many.
  private func withEntries<Result>(_ body: (UnsafeRawPointer, Int) -> Result) -> Result {
    switch storage {
    case .growing(let entries):
      // SAFETY: `body` reads whole entries below the count, within this call.
      unsafe entries.withUnsafeBytes { buffer in
        guard let base = buffer.baseAddress else { return unsafe body(Self.noEntries, 0) }
        return unsafe body(base, entries.count)
      }
    case .mapped(let region, let entryCount):
      // SAFETY: the entries were seen to fit in the region, which lives until `body` returns.
      withExtendedLifetime(region) { unsafe body(UnsafeRawPointer(region.base), entryCount) }
    }
  }

  /// An address for no entries; never read.
  private static var noEntries: UnsafeRawPointer {
    guard let address = unsafe UnsafeRawPointer(bitPattern: OffsetIndexEntry.byteCount) else {
      preconditionFailure("eight is no null pointer")
    }
    return unsafe address
  }

  /// Returns the position of the last entry whose half at `shift` is at or below `target`, or 0.
  ///
  /// HOT: once per fetched partition. Benchmark: `lookup`.
  private static func floor(
    _ base: UnsafeRawPointer, _ count: Int, shift: UInt64, atOrBelow target: UInt32
  ) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low &+ high) &>> 1
      let half = UInt32(truncatingIfNeeded: unsafe entry(middle, of: base) &>> shift)
      let isBelow = half <= target
      low = isBelow ? middle &+ 1 : low
      high = isBelow ? high : middle
    }
    guard low > 0 else { return 0 }
    return Int(UInt32(truncatingIfNeeded: unsafe entry(low &- 1, of: base)))
  }

  @inline(__always)
  private static func entry(_ index: Int, of base: UnsafeRawPointer) -> UInt64 {
    // SAFETY: callers stay below the entry count, and every bit pattern is an integer.
    unsafe base.bigEndian(UInt64.self, at: index &* OffsetIndexEntry.byteCount)
  }
}
