public import MoldauFormat

/// How a topic keeps its records. The names in parentheses are Kafka's.
public struct TopicConfiguration: Hashable, Sendable {
  /// When old segments may go; a record may stay longer, until its whole segment may go.
  public enum Retention: Hashable, Sendable {
    /// Segments whose newest record is older than this (`retention.ms`).
    case age(Duration)
    /// The oldest segments while the rest still holds this many bytes (`retention.bytes`).
    case bytes(Int)
  }

  /// Whose time a record bears.
  public enum TimestampType: Hashable, Sendable {
    /// Records keep the time that their producer gave them (`CreateTime`).
    case createTime
    /// Records get the time at which the log took them (`LogAppendTime`).
    case logAppendTime
  }

  /// The number of partitions of a topic that is created.
  public var partitionCount: Int
  /// What is deleted and when; empty keeps everything. Kafka's default of 7 days is this one's too.
  public var retention: [Retention]
  /// How batches that this process encodes are compressed (`compression.type`).
  public var compression: CompressionCodec
  /// The topic's durability; `nil` takes the store's.
  public var durability: Durability?
  /// Whether records are kept by key (`cleanup.policy=compact`). Records then need keys.
  public var isCompacted: Bool
  /// A segment is rolled before it grows past this many bytes (`segment.bytes`).
  public var segmentBytes: Int
  /// A segment is rolled when its first record is older than this (`segment.ms`).
  public var segmentAge: Duration
  /// An index entry is written when more than this many bytes came since the last
  /// (`index.interval.bytes`).
  public var indexIntervalBytes: Int
  /// A segment is rolled when its offset index would grow past this (`segment.index.bytes`).
  public var maxIndexBytes: Int
  /// The largest batch that is taken, as it comes, in bytes (`max.message.bytes`).
  public var maxBatchBytes: Int
  /// (`message.timestamp.type`)
  public var timestampType: TimestampType
  /// How long a segment's files stay after it was deleted, for readers that are not of this process
  /// (`file.delete.delay.ms`). Readers of this process are never disturbed.
  public var deleteDelay: Duration

  /// A configuration; whatever is left out has its default.
  public init(
    partitionCount: Int = 1,
    retention: [Retention] = [.age(.seconds(7 * 86_400))],
    compression: CompressionCodec = .none,
    durability: Durability? = nil,
    isCompacted: Bool = false,
    segmentBytes: Int = 1 << 30,
    segmentAge: Duration = .seconds(7 * 86_400),
    indexIntervalBytes: Int = 4096,
    maxIndexBytes: Int = 10 << 20,
    maxBatchBytes: Int = 1_048_588,
    timestampType: TimestampType = .createTime,
    deleteDelay: Duration = .seconds(60)
  ) {
    self.partitionCount = partitionCount
    self.retention = retention
    self.compression = compression
    self.durability = durability
    self.isCompacted = isCompacted
    self.segmentBytes = segmentBytes
    self.segmentAge = segmentAge
    self.indexIntervalBytes = indexIntervalBytes
    self.maxIndexBytes = maxIndexBytes
    self.maxBatchBytes = maxBatchBytes
    self.timestampType = timestampType
    self.deleteDelay = deleteDelay
  }

  /// Throws `invalidConfiguration` for the first setting that is out of range.
  package func validate() throws(LogError) {
    let limits = Limits.self
    try check(partitionCount, in: 1...limits.maxPartitionsPerTopic, "partitionCount")
    try check(segmentBytes, in: limits.minSegmentBytes...limits.maxSegmentBytes, "segmentBytes")
    try check(indexIntervalBytes, in: 0...limits.maxSegmentBytes, "indexIntervalBytes")
    try check(maxIndexBytes, in: 64...limits.maxSegmentBytes, "maxIndexBytes")
    try check(maxBatchBytes, in: 64...limits.maxBatchBytes, "maxBatchBytes")
    guard segmentAge > .zero else {
      throw .invalidConfiguration(setting: "segmentAge", reason: "it must be above zero")
    }
  }

  private func check(
    _ value: Int, in range: ClosedRange<Int>, _ setting: String
  ) throws(LogError) {
    guard range.contains(value) else {
      throw .invalidConfiguration(
        setting: setting,
        reason: "\(value) is outside \(range.lowerBound) to \(range.upperBound)")
    }
  }
}

extension Duration {
  /// The whole milliseconds in this duration, rounded down.
  package var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }
}
