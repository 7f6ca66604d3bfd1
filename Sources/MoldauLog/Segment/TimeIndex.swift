import MoldauDisk
import MoldauFormat

/// Finds the offset from which to scan a segment for a timestamp.
///
/// An entry says: up to its offset no record is later than its timestamp. Timestamps strictly
/// increase. File format: docs/format/time-index.md. Owned by one `Segment`, which guards it.
struct TimeIndex: Sendable {
  private(set) var entries: [TimeIndexEntry] = []

  init() {}

  /// Reads the entries of a file; `nil` when they do not increase. Zeros behind them, which Kafka
  /// leaves in the index of a killed broker, are passed over.
  init?(parsing bytes: RawSpan) {
    guard bytes.byteCount.isMultiple(of: TimeIndexEntry.byteCount) else { return nil }
    for start in stride(from: 0, to: bytes.byteCount, by: TimeIndexEntry.byteCount) {
      let entry: TimeIndexEntry
      do {
        entry = try TimeIndexEntry(
          parsing: bytes.extracting(start..<start + TimeIndexEntry.byteCount))
      } catch {
        return nil
      }
      if entry.timestampMilliseconds == 0 && entry.relativeOffset == 0 && start > 0 { break }
      if let last = entries.last {
        guard entry.timestampMilliseconds > last.timestampMilliseconds,
          entry.relativeOffset >= last.relativeOffset
        else { return nil }
      }
      entries.append(entry)
    }
  }

  /// The latest timestamp of the entries.
  var last: TimeIndexEntry? { entries.last }

  /// Adds an entry unless it is no later than the last one.
  mutating func append(_ entry: TimeIndexEntry) {
    if let last = entries.last, entry.timestampMilliseconds <= last.timestampMilliseconds { return }
    entries.append(entry)
  }

  /// Returns the relative offset from which to look for the first record at or after a timestamp.
  ///
  /// - Complexity: O(log *n*).
  func floor(of timestampMilliseconds: Int64) -> Int32 {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) >> 1
      if entries[middle].timestampMilliseconds < timestampMilliseconds {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low == 0 ? 0 : entries[low - 1].relativeOffset
  }

  /// The file's bytes.
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * TimeIndexEntry.byteCount)
    for entry in entries { entry.encode(into: &bytes) }
    return bytes
  }

  /// Drops the entries at or above `relativeOffset`, after a truncation of the log to it.
  func truncated(to relativeOffset: Int32) -> TimeIndex {
    var result = TimeIndex()
    result.entries = entries.filter { $0.relativeOffset < relativeOffset }
    return result
  }
}
