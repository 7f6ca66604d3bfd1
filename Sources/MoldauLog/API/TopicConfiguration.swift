public import MoldauFormat

/// How a topic keeps its records. The names in parentheses are Kafka's.
public struct TopicConfiguration: Hashable, Sendable {
  /// What becomes of old records (`cleanup.policy`).
  public enum CleanupPolicy: Hashable, Sendable, CaseIterable {
    /// They go when `retention` says so.
    case delete
    /// The latest record of each key stays for good, earlier ones go. Records need keys.
    case compact
    /// The latest record of each key stays until `retention` takes it. Records need keys.
    case compactAndDelete

    /// Whether only the latest record of each key is kept.
    public var compacts: Bool { self != .delete }
    /// Whether `retention` counts.
    public var deletes: Bool { self != .compact }
  }

  /// When old segments may go; a record may stay longer, until its whole segment may go.
  public enum Retention: Hashable, Sendable {
    /// Segments whose newest record is older than this (`retention.ms`).
    case age(Duration)
    /// The oldest segments while the rest still holds this many bytes (`retention.bytes`).
    case bytes(Int)
  }

  /// How batches are compressed in the log (`compression.type`).
  public enum Compression: String, Hashable, Sendable, CaseIterable {
    /// As the client that wrote them did; what this process encodes is not compressed.
    case producer
    /// Not at all; what comes compressed is decompressed.
    case uncompressed
    case gzip
    case snappy
    case lz4
    case zstd

    /// The codec for what this process encodes.
    public var codec: CompressionCodec {
      switch self {
      case .producer, .uncompressed: .none
      case .gzip: .gzip
      case .snappy: .snappy
      case .lz4: .lz4
      case .zstd: .zstd
      }
    }
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
  /// What becomes of old records (`cleanup.policy`).
  public var cleanupPolicy: CleanupPolicy
  /// What is deleted and when, where the policy deletes; empty keeps everything. Kafka's default of 7
  /// days is this one's too.
  public var retention: [Retention]
  /// How batches are compressed (`compression.type`). A client's batch in another codec than the
  /// topic's is compressed anew, as Kafka does.
  public var compression: Compression
  /// The topic's durability; `nil` takes the store's.
  public var durability: Durability?
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
  /// How long a record is safe from compaction (`min.compaction.lag.ms`).
  public var minCompactionLag: Duration
  /// After how long a record has been compacted at the latest (`max.compaction.lag.ms`).
  public var maxCompactionLag: Duration
  /// How long a tombstone, and a transaction's marker, can still be read after compaction has come
  /// to it (`delete.retention.ms`): the time that a reader from the start may take.
  public var tombstoneRetention: Duration
  /// The share of a log that must be new since its last compaction before the next one, from 0 to 1
  /// (`min.cleanable.dirty.ratio`).
  public var minDirtyRatio: Double
  /// How far a producer's timestamps may lie behind the clock (`message.timestamp.before.max.ms`).
  public var maxTimestampAge: Duration
  /// How far a producer's timestamps may lie ahead of the clock (`message.timestamp.after.max.ms`).
  public var maxTimestampLead: Duration
  /// Whether offsets may be missing although the topic is not compacted, because it was once, or
  /// because another program wrote it.
  package var mayHaveGaps = false
  /// The settings that were set for this topic in particular, by Kafka's names; what the others are,
  /// the broker that made the topic has chosen.
  package var explicitSettings: Set<String> = []
  /// Settings for which the store has no field, by Kafka's names: a broker keeps them here for those
  /// who ask. Values hold no blank and no control character.
  package var keptSettings: [String: String] = [:]

  /// A duration that no clock comes to.
  public static let unbounded: Duration = .milliseconds(Int64.max)

  /// A configuration; whatever is left out has its default.
  public init(
    partitionCount: Int = 1,
    cleanupPolicy: CleanupPolicy = .delete,
    retention: [Retention] = [.age(.seconds(7 * 86_400))],
    compression: Compression = .producer,
    durability: Durability? = nil,
    segmentBytes: Int = 1 << 30,
    segmentAge: Duration = .seconds(7 * 86_400),
    indexIntervalBytes: Int = 4096,
    maxIndexBytes: Int = 10 << 20,
    maxBatchBytes: Int = 1_048_588,
    timestampType: TimestampType = .createTime,
    deleteDelay: Duration = .seconds(60),
    minCompactionLag: Duration = .zero,
    maxCompactionLag: Duration = TopicConfiguration.unbounded,
    tombstoneRetention: Duration = .seconds(86_400),
    minDirtyRatio: Double = 0.5,
    maxTimestampAge: Duration = TopicConfiguration.unbounded,
    maxTimestampLead: Duration = TopicConfiguration.unbounded
  ) {
    self.partitionCount = partitionCount
    self.cleanupPolicy = cleanupPolicy
    self.retention = retention
    self.compression = compression
    self.durability = durability
    self.segmentBytes = segmentBytes
    self.segmentAge = segmentAge
    self.indexIntervalBytes = indexIntervalBytes
    self.maxIndexBytes = maxIndexBytes
    self.maxBatchBytes = maxBatchBytes
    self.timestampType = timestampType
    self.deleteDelay = deleteDelay
    self.minCompactionLag = minCompactionLag
    self.maxCompactionLag = maxCompactionLag
    self.tombstoneRetention = tombstoneRetention
    self.minDirtyRatio = minDirtyRatio
    self.maxTimestampAge = maxTimestampAge
    self.maxTimestampLead = maxTimestampLead
  }

  /// Whether only the latest record of each key is kept. Records then need keys.
  public var isCompacted: Bool { cleanupPolicy.compacts }

  /// Whether every offset of a log that this store wrote has its batch.
  package var isGapless: Bool { !isCompacted && !mayHaveGaps }

  /// The age at which records go, if any does.
  package var retentionAgeMilliseconds: Int64? {
    for case .age(let age) in retention { return age.milliseconds }
    return nil
  }

  /// The size above which the oldest records go, if any does.
  package var retentionBytes: Int? {
    for case .bytes(let count) in retention { return count }
    return nil
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
    for case .age(let age) in retention { try checkNotNegative(age, "retention") }
    for case .bytes(let count) in retention { try check(count, in: 0...Int.max, "retention") }
    try checkNotNegative(deleteDelay, "deleteDelay")
    try checkNotNegative(minCompactionLag, "minCompactionLag")
    try checkNotNegative(tombstoneRetention, "tombstoneRetention")
    try checkNotNegative(maxTimestampAge, "maxTimestampAge")
    try checkNotNegative(maxTimestampLead, "maxTimestampLead")
    guard maxCompactionLag > .zero, maxCompactionLag >= minCompactionLag else {
      throw .invalidConfiguration(
        setting: "maxCompactionLag", reason: "it must be above zero and not below minCompactionLag")
    }
    guard (0...1).contains(minDirtyRatio) else {
      throw .invalidConfiguration(
        setting: "minDirtyRatio", reason: "\(minDirtyRatio) is outside 0 to 1")
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

  private func checkNotNegative(_ value: Duration, _ setting: String) throws(LogError) {
    guard value >= .zero else {
      throw .invalidConfiguration(setting: setting, reason: "\(value) is below zero")
    }
  }
}
