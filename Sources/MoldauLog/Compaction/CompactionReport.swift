/// What compaction has done.
public struct CompactionReport: Hashable, Sendable {
  /// How many walks over a partition it took.
  public internal(set) var passCount = 0
  /// How many segments were replaced.
  public internal(set) var segmentCount = 0
  /// How many records went.
  public internal(set) var removedRecordCount = 0
  /// The bytes that were read, those of the new part of a log twice.
  public internal(set) var readByteCount = 0
  /// The bytes of the segments that were written.
  public internal(set) var writtenByteCount = 0
  /// How long it took.
  public internal(set) var duration = Duration.zero

  init() {}

  mutating func merge(_ other: CompactionReport) {
    passCount += other.passCount
    segmentCount += other.segmentCount
    removedRecordCount += other.removedRecordCount
    readByteCount += other.readByteCount
    writtenByteCount += other.writtenByteCount
    duration += other.duration
  }
}

extension CompactionReport: CustomStringConvertible {
  public var description: String {
    "\(removedRecordCount) records removed from \(segmentCount) segments;"
      + " \(readByteCount) bytes read, \(writtenByteCount) written in \(duration)"
  }
}
