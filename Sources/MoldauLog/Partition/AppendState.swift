import MoldauFormat

/// What an appender changes, guarded by the log's append lock.
struct AppendState: Sendable {
  var settings: AppendSettings
  var active: Segment
  var nextOffset: Offset
  /// The end of the last batch in the active segment's file.
  var position: Int
  var unindexedByteCount: Int
  /// What was appended since the metrics were last told.
  var unreportedByteCount = 0
  var indexEntryCount: Int
  /// The latest timestamp in the active segment and where it is.
  var latest: TimeIndexEntry?
  /// The timestamp of the active segment's first batch.
  var firstTimestampMilliseconds: Int64?
  var producers: ProducerStates
  /// What could not be written of producers, on which their next batches wait.
  var unwritten = UnwrittenBatches()
  var epochs: LeaderEpochs
  var window: AppendWindow?
  /// Whether the active segment's file may have bytes behind the last batch: a window's zeros, or
  /// what a failed write has left. They are cut off before the segment is sealed.
  var fileMayGoOn = false
  var nextWindowBytes = Limits.minWindowBytes
  /// Small appends since the last large one; the second opens a window.
  var smallAppendCount = 0
  /// Whether something was appended since the window was last found in use.
  var windowWasUsed = false
  /// Whether the active segment's indexes can grow; they are read when the first append needs them.
  var indexesAreGrowing = false
  var isClosed = false
  /// Who may append; looked at when `isShared`, which is the one comparison that it costs others.
  var role = AppendRole.unshared {
    didSet { isShared = role != .unshared }
  }
  private(set) var isShared = false
  /// The first offset that recovery has found missing although later ones are there.
  var firstMissing: Offset?
  /// Whether a truncation is under way: nothing but that may change the log until it is done.
  var isBeingCut = false

  init(
    settings: AppendSettings, active: Segment, nextOffset: Offset,
    producers: ProducerStates = ProducerStates(), epochs: LeaderEpochs = LeaderEpochs()
  ) {
    self.settings = settings
    self.active = active
    self.nextOffset = nextOffset
    self.producers = producers
    self.epochs = epochs
    position = active.byteCount
    unindexedByteCount = 0
    indexEntryCount = 0
  }
}

/// The part of a topic's configuration that each append needs.
struct AppendSettings: Sendable {
  var segmentBytes: Int
  var segmentAgeMilliseconds: Int64
  var indexIntervalBytes: Int
  var maxIndexEntries: Int
  var maxBatchBytes: Int
  var usesLogAppendTime: Bool
  var isCompacted: Bool
  /// Whether offsets may be missing.
  var mayHaveGaps: Bool
  var deleteDelayMilliseconds: Int64
  /// The codec that clients' batches are brought to; nil keeps theirs.
  var codec: CompressionCodec?
  var maxTimestampAgeMilliseconds: Int64
  var maxTimestampLeadMilliseconds: Int64
  /// Whether producers' timestamps are held against the clock.
  var boundsTimestamps: Bool

  init(_ configuration: TopicConfiguration) {
    segmentBytes = configuration.segmentBytes
    segmentAgeMilliseconds = configuration.segmentAge.milliseconds
    indexIntervalBytes = configuration.indexIntervalBytes
    maxIndexEntries = configuration.maxIndexBytes / TimeIndexEntry.byteCount
    maxBatchBytes = configuration.maxBatchBytes
    usesLogAppendTime = configuration.timestampType == .logAppendTime
    isCompacted = configuration.isCompacted
    mayHaveGaps = !configuration.isGapless
    deleteDelayMilliseconds = configuration.deleteDelay.milliseconds
    codec = configuration.compression == .producer ? nil : configuration.compression.codec
    maxTimestampAgeMilliseconds = configuration.maxTimestampAge.milliseconds
    maxTimestampLeadMilliseconds = configuration.maxTimestampLead.milliseconds
    boundsTimestamps =
      !usesLogAppendTime
      && (maxTimestampAgeMilliseconds < .max || maxTimestampLeadMilliseconds < .max)
  }

  /// Throws `invalidTimestamp` when a producer's timestamps, of which these are the least and the
  /// greatest, are further from the log's clock than the topic allows.
  func checkTimestamps(
    from earliest: Int64, to latest: Int64, now: Int64
  ) throws(LogError) {
    guard boundsTimestamps else { return }
    let first = now.subtractingClamped(maxTimestampAgeMilliseconds)
    let last = now.addingClamped(maxTimestampLeadMilliseconds)
    guard earliest >= first else {
      throw .invalidTimestamp(earliest, first: first, last: last)
    }
    guard latest <= last else { throw .invalidTimestamp(latest, first: first, last: last) }
  }
}
