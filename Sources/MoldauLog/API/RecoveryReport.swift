public import MoldauFormat

/// What opening a store found and did. Print it; it reads as a few lines of text.
public struct RecoveryReport: Sendable, Equatable {
  /// Bytes that no batch could be made of although whole batches followed. They were moved to
  /// `quarantinePath`, and the batches behind them stay in the log.
  public struct Damage: Sendable, Equatable {
    public var partition: TopicPartition
    public var path: String
    public var position: FilePosition
    public var byteCount: Int
    /// The offsets that the damaged bytes held, as far as their neighbours tell.
    public var offsets: Range<Offset>
    public var quarantinePath: String
    public var reason: FormatError

    package init(
      partition: TopicPartition, path: String, position: FilePosition, byteCount: Int,
      offsets: Range<Offset>, quarantinePath: String, reason: FormatError
    ) {
      self.partition = partition
      self.path = path
      self.position = position
      self.byteCount = byteCount
      self.offsets = offsets
      self.quarantinePath = quarantinePath
      self.reason = reason
    }
  }

  /// Whether the store was closed cleanly before.
  public var wasClean = true
  public var partitionCount = 0
  public var segmentCount = 0
  /// Segments whose bytes were checked one by one.
  public var scannedSegmentCount = 0
  public var scannedByteCount = 0
  /// Bytes of unfinished writes that were cut off the ends of logs.
  public var cutByteCount = 0
  /// Records that a power cut had taken from segments and that the commit journal gave back.
  public var replayedBatchCount = 0
  public var rebuiltIndexCount = 0
  public var damages: [Damage] = []
  public var duration: Duration = .zero

  package init() {}

  /// Adds what the recovery of a part of the store found.
  package mutating func merge(_ other: RecoveryReport) {
    partitionCount += other.partitionCount
    segmentCount += other.segmentCount
    scannedSegmentCount += other.scannedSegmentCount
    scannedByteCount += other.scannedByteCount
    cutByteCount += other.cutByteCount
    replayedBatchCount += other.replayedBatchCount
    rebuiltIndexCount += other.rebuiltIndexCount
    damages += other.damages
  }
}

extension RecoveryReport: CustomStringConvertible {
  public var description: String {
    var lines = [
      wasClean
        ? "clean: \(partitionCount) partitions, \(segmentCount) segments, in \(duration)"
        : "recovered after an unclean stop: \(partitionCount) partitions, \(segmentCount) segments,"
          + " \(scannedSegmentCount) scanned (\(scannedByteCount) bytes), in \(duration)"
    ]
    if cutByteCount > 0 { lines.append("cut \(cutByteCount) bytes of unfinished writes") }
    if replayedBatchCount > 0 {
      lines.append("restored \(replayedBatchCount) batches from the commit journal")
    }
    if rebuiltIndexCount > 0 { lines.append("rebuilt \(rebuiltIndexCount) indexes") }
    for damage in damages {
      lines.append(
        "DAMAGE in \(damage.path) at byte \(damage.position), \(damage.byteCount) bytes, offsets"
          + " \(damage.offsets.lowerBound) to \(damage.offsets.upperBound) (exclusive):"
          + " \(damage.reason); the bytes are kept in \(damage.quarantinePath)")
    }
    return lines.joined(separator: "\n")
  }
}

/// How far a recovery has come.
public struct RecoveryProgress: Sendable, Equatable {
  public var partitionsDone: Int
  public var partitionCount: Int
  public var scannedByteCount: Int
}
