import MoldauLog

extension TopicConfigKey {
  /// All of them, in the order of their names.
  static let all: [TopicConfigKey] =
    (retention + segments + records + compaction + syncing
    + replication + kept)
    .sorted { $0.name < $1.name }

  /// The key of this name, if there is one.
  static func named(_ name: String) -> TopicConfigKey? { byName[name] }

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  private static let maxSegmentBytes = Int64(MoldauLog.Limits.maxSegmentBytes)

  // MARK: What the store does

  private static let retention = [
    TopicConfigKey(
      .cleanupPolicy, broker: "log.cleanup.policy", .list(["compact", "delete"]),
      "What becomes of old records: delete removes them by age and size, compact keeps the last of"
        + " each key."),
    TopicConfigKey(
      .retentionAge, broker: "log.retention.ms", .long(-1...Int64.max),
      "Segments whose newest record is older than this go; -1 keeps them."),
    TopicConfigKey(
      .retentionBytes, broker: "log.retention.bytes", .long(-1...Int64.max),
      "The oldest segments of a partition go while the rest still has this many bytes; -1 keeps"
        + " them."),
    TopicConfigKey(
      .deleteDelay, broker: "log.segment.delete.delay.ms", .long(0...Int64.max),
      "How long the files of a deleted segment stay, for readers that are not of this process."),
  ]

  private static let segments = [
    TopicConfigKey(
      .segmentBytes, broker: "log.segment.bytes",
      .int(Int64(MoldauLog.Limits.minSegmentBytes)...maxSegmentBytes),
      "A segment is rolled before it grows past this many bytes."),
    TopicConfigKey(
      .segmentAge, broker: "log.roll.ms", .long(1...Int64.max),
      "A segment is rolled when its first record is older than this."),
    TopicConfigKey(
      .maxIndexBytes, broker: "log.index.size.max.bytes", .int(64...maxSegmentBytes),
      "A segment is rolled when its offset index would grow past this."),
    TopicConfigKey(
      .indexIntervalBytes, broker: "log.index.interval.bytes", .int(0...maxSegmentBytes),
      "An index entry is written after this many bytes of records."),
  ]

  private static let records = [
    TopicConfigKey(
      .maxBatchBytes, broker: "message.max.bytes", .int(64...Int64(MoldauLog.Limits.maxBatchBytes)),
      "The largest batch of records that is taken."),
    TopicConfigKey(
      .timestampType, broker: "log.message.timestamp.type",
      .choice(["CreateTime", "LogAppendTime"]),
      "Whether records keep their producer's time or get that of the append."),
    TopicConfigKey(
      .maxTimestampAge, broker: "log.message.timestamp.before.max.ms", .long(0...Int64.max),
      "How far a producer's timestamps may lie behind the broker's clock."),
    TopicConfigKey(
      .maxTimestampLead, broker: "log.message.timestamp.after.max.ms", .long(0...Int64.max),
      "How far a producer's timestamps may lie ahead of the broker's clock."),
    TopicConfigKey(
      .compression, broker: "compression.type",
      .choice(TopicConfiguration.Compression.allCases.map(\.rawValue)),
      "How batches are compressed in the log; producer keeps them as they come."),
  ]

  private static let compaction = [
    TopicConfigKey(
      .minCompactionLag, broker: "log.cleaner.min.compaction.lag.ms", .long(0...Int64.max),
      "How long a record is safe from compaction."),
    TopicConfigKey(
      .maxCompactionLag, broker: "log.cleaner.max.compaction.lag.ms", .long(1...Int64.max),
      "After how long a record has been compacted at the latest."),
    TopicConfigKey(
      .tombstoneRetention, broker: "log.cleaner.delete.retention.ms", .long(0...Int64.max),
      "How long a tombstone can still be read after compaction has come to it."),
    TopicConfigKey(
      .minDirtyRatio, broker: "log.cleaner.min.cleanable.ratio", .double(0...1),
      "The share of a log that must be new since its last compaction before the next."),
  ]

  private static let syncing = [
    TopicConfigKey(
      flushName, broker: nil, .choice(["buffered", "group-commit", "every-append"]),
      "What acks=all means: written to the system's memory (buffered), synced together with others"
        + " (group-commit), or synced by a sync of its own (every-append).",
      read: { configuration in
        switch configuration.durability {
        case .buffered: "buffered"
        case .everyAppend: "every-append"
        case .groupCommit, nil: "group-commit"
        }
      },
      write: { configuration, text in
        switch text {
        case "buffered": configuration.durability = .buffered
        case "every-append": configuration.durability = .everyAppend
        default: configuration.durability = .groupCommit()
        }
      },
      copy: { source, target in target.durability = source.durability }),
    TopicConfigKey(
      kept: flushMessagesName, broker: "log.flush.interval.messages", .long(1...Int64.max),
      standard: "\(Int64.max)",
      "1 syncs every append before it is acknowledged, with acks=1 too. Another number has a sync"
        + " begin behind each append, sooner than it asks for."),
    TopicConfigKey(
      kept: flushMillisecondsName, broker: "log.flush.interval.ms", .long(0...Int64.max),
      standard: "\(Int64.max)",
      "Any time has a sync begin behind each append, sooner than it asks for."),
  ]

  static let flushName = "moldau.flush"
  static let flushMessagesName = "flush.messages"
  static let flushMillisecondsName = "flush.ms"

  // MARK: What a cluster does

  static let minInSyncReplicasName = "min.insync.replicas"
  static let uncleanElectionName = "unclean.leader.election.enable"

  /// Those that can be set for all brokers of a cluster while they run.
  static let ofCluster: Set<String> = [minInSyncReplicasName, uncleanElectionName]

  private static let replication = [
    TopicConfigKey(
      kept: minInSyncReplicasName, broker: minInSyncReplicasName, .int(1...Int64(Int32.max)),
      standard: "1",
      "How many replicas must be in sync for acks=all to be acknowledged. A broker that stands alone"
        + " takes 1 only."),
    TopicConfigKey(
      kept: uncleanElectionName, broker: uncleanElectionName, .boolean, standard: "false",
      "Whether a replica that is behind may lead when no other can: records may be lost."),
  ]

  // MARK: What has no effect here

  /// Keys that tools set and that promise nothing that is not so: they are kept and shown.
  private static let kept = [
    TopicConfigKey(
      kept: "preallocate", broker: "log.preallocate", .boolean, standard: "false",
      "The store allocates a segment's next blocks as it sees fit. Without effect."),
    TopicConfigKey(
      kept: "segment.jitter.ms", broker: "log.roll.jitter.ms", .long(0...Int64.max), standard: "0",
      "Segments are rolled at their time. Without effect."),
    TopicConfigKey(
      kept: "message.downconversion.enable", broker: "log.message.downconversion.enable", .boolean,
      standard: "true", "Only the current record format is served. Without effect."),
    TopicConfigKey(
      kept: "compression.gzip.level", broker: "compression.gzip.level", .int(-1...9),
      standard: "-1", "The codec's own level is taken. Without effect."),
    TopicConfigKey(
      kept: "compression.lz4.level", broker: "compression.lz4.level", .int(1...17), standard: "9",
      "The codec's own level is taken. Without effect."),
    TopicConfigKey(
      kept: "compression.zstd.level", broker: "compression.zstd.level", .int(-131_072...22),
      standard: "3", "The codec's own level is taken. Without effect."),
    TopicConfigKey(
      kept: "leader.replication.throttled.replicas", .words, standard: "",
      "Replication takes what there is. Without effect."),
    TopicConfigKey(
      kept: "follower.replication.throttled.replicas", .words, standard: "",
      "Replication takes what there is. Without effect."),
    TopicConfigKey(
      kept: "remote.storage.enable", .choice(["false"]), standard: "false",
      "Segments are kept here only."),
    TopicConfigKey(
      kept: "local.retention.ms", broker: "log.local.retention.ms", .long(-2...Int64.max),
      standard: "-2", "Segments are kept here only. Without effect."),
    TopicConfigKey(
      kept: "local.retention.bytes", broker: "log.local.retention.bytes", .long(-2...Int64.max),
      standard: "-2", "Segments are kept here only. Without effect."),
  ]
}

extension TopicConfiguration {
  /// Whether an append waits for the device with `acks=1` too (`flush.messages=1`, `every-append`).
  var syncsEveryAppend: Bool {
    durability == .everyAppend || keptSettings[TopicConfigKey.flushMessagesName] == "1"
  }

  /// Whether a sync begins behind each append, whoever waits for it (`flush.messages`, `flush.ms`).
  var beginsSyncs: Bool {
    !keptSettings.isEmpty
      && (isBound(TopicConfigKey.flushMessagesName)
        || isBound(TopicConfigKey.flushMillisecondsName))
  }

  private func isBound(_ name: String) -> Bool {
    keptSettings[name].map { $0 != "\(Int64.max)" } ?? false
  }
}
