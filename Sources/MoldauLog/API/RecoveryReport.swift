public import MoldauFormat

/// What opening a store found and did. Print it; it reads as a few lines of text.
public struct RecoveryReport: Sendable, Equatable {
  /// Bytes that no batch could be made of although whole batches followed. They were moved to
  /// `quarantinePath`, and the batches behind them stay in the log.
  public struct Damage: Sendable, Equatable {
    /// The partition whose log is damaged.
    public var partition: TopicPartition
    /// The segment's file.
    public var path: String
    /// Where in the file the damaged bytes began.
    public var position: FilePosition
    /// How many bytes are damaged.
    public var byteCount: Int
    /// The offsets that the damaged bytes held, as far as their neighbours tell.
    public var offsets: Range<Offset>
    /// The file that the damaged bytes were copied to.
    public var quarantinePath: String
    /// What is wrong with the first of them.
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
  /// The broker epoch in the marker of the clean stop; nil without one, −1 when it names none.
  package var cleanStopEpoch: Int64?
  /// Whether a sync had failed before: what was in the system's memory may be on no device.
  package var failedSync = false
  /// The partitions of the store.
  public var partitionCount = 0
  /// The segments of all partitions.
  public var segmentCount = 0
  /// Segments whose bytes were checked one by one.
  public var scannedSegmentCount = 0
  /// The bytes that were checked one by one.
  public var scannedByteCount = 0
  /// Bytes of unfinished writes that were cut off the ends of logs.
  public var cutByteCount = 0
  /// Records that a power cut had taken from segments and that the commit journal gave back.
  public var replayedBatchCount = 0
  /// The bytes of commits in the journal that were damaged although later ones are whole. What they
  /// held is lost where the segments do not have it.
  public var damagedJournalByteCount = 0
  /// Segments whose indexes were made anew from their logs.
  public var rebuiltIndexCount = 0
  /// What was damaged, in no particular order.
  public var damages: [Damage] = []
  /// The first offset that is missing of what was known to be durable, by partition: what a sync or a
  /// commit had covered, and a later damage has taken.
  public var losses: [TopicPartition: Offset] = [:]
  /// The partitions that the store should have, of which it has no folder.
  public var missingPartitions: [TopicPartition] = []
  /// How long opening took.
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
    losses.merge(other.losses) { min($0, $1) }
    missingPartitions += other.missingPartitions
  }
}

extension RecoveryReport: CustomStringConvertible {
  public var description: String {
    var lines = [
      wasClean
        ? "clean: \(partitionCount) partitions, \(segmentCount) segments, in \(duration.milliseconds) ms"
        : "recovered after an unclean stop: \(partitionCount) partitions, \(segmentCount) segments,"
          + " \(scannedSegmentCount) scanned (\(scannedByteCount) bytes), in \(duration.milliseconds) ms"
    ]
    if cutByteCount > 0 { lines.append("cut \(cutByteCount) bytes of unfinished writes") }
    if replayedBatchCount > 0 {
      lines.append("restored \(replayedBatchCount) batches from the commit journal")
    }
    if rebuiltIndexCount > 0 { lines.append("rebuilt \(rebuiltIndexCount) indexes") }
    if damagedJournalByteCount > 0 {
      lines.append("DAMAGE in the commit journal: \(damagedJournalByteCount) bytes of commits")
    }
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
  /// The partitions that are open by now.
  public var partitionsDone: Int
  /// The partitions of the store.
  public var partitionCount: Int
  /// The bytes that were checked by now.
  public var scannedByteCount: Int
}
