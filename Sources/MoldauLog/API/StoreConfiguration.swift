public import CoreMetrics
public import Logging

/// How a store treats its directory and its topics.
public struct StoreConfiguration: Sendable {
  /// What an acknowledged append survives where its topic or call does not say otherwise.
  public var durability: Durability
  /// Appends wait, and `enqueue` throws `backpressure`, while more bytes than this wait to become
  /// durable.
  public var maxPendingBytes: Int
  /// The most segments whose files are held open at once: each takes a descriptor, and up to two maps
  /// while it is read.
  public var maxOpenFiles: Int
  /// How many threads recover partitions on opening; 0 takes one per processor.
  public var recoveryThreadCount: Int
  /// The size at which the commit journal changes over to its other file, in bytes.
  public var journalBytes: Int
  /// How often, at the most, the log files of buffered topics are synced and their recovery point
  /// moved, which bounds what recovery scans.
  public var checkpointInterval: Duration
  /// How many bytes a second compaction reads at the most; nil for as many as it can.
  public var compactionBytesPerSecond: Int?
  /// The most memory that compaction takes for the keys of a log's new part: 32 bytes a key. A part
  /// with more keys is compacted in several passes.
  public var compactionMemoryBytes: Int
  /// How long a partition remembers an idempotent producer that sends nothing
  /// (`producer.id.expiration.ms`): a batch that is sent again later than that is not known for one.
  public var producerExpiration: Duration
  /// Where the store reports what an operator should know; quiet by default.
  public var logger: Logger
  /// Makes the store's counters, gauges and timers; nil takes the process's `MetricsSystem`.
  public var metrics: (any MetricsFactory)?
  /// Called now and then while recovery runs, from the threads that run it.
  public var onRecoveryProgress: (@Sendable (RecoveryProgress) -> Void)?
  /// Whether a thread of the store does retention, deletion and checkpoints. Tests that count system
  /// calls turn it off and call `runMaintenance`.
  package var runsMaintenance = true
  /// Whether the store has threads of its own.
  package var threads = StoreThreads.own
  /// Where the store's ids come from.
  package var random = RandomSource()
  /// Whether the logs are replicas: what `replication-offset-checkpoint` says of one is its high
  /// watermark, as the last run has noted it, rather than its end.
  package var isReplicated = false
  /// Whether opening scans every segment, sealed ones too, and writes all derived files anew, as if
  /// nothing had ever been synced: how `moldau verify --repair` mends a directory.
  package var checksEverything = false

  /// A configuration; whatever is left out has its default.
  public init(
    durability: Durability = .groupCommit(),
    maxPendingBytes: Int = 64 << 20,
    maxOpenFiles: Int = 1024,
    recoveryThreadCount: Int = 0,
    journalBytes: Int = 32 << 20,
    checkpointInterval: Duration = .seconds(60),
    compactionBytesPerSecond: Int? = nil,
    compactionMemoryBytes: Int = 32 << 20,
    producerExpiration: Duration = .seconds(86_400),
    logger: Logger = Logger(label: "moldau") { _ in SwiftLogNoOpLogHandler() },
    metrics: (any MetricsFactory)? = nil,
    onRecoveryProgress: (@Sendable (RecoveryProgress) -> Void)? = nil
  ) {
    self.durability = durability
    self.maxPendingBytes = maxPendingBytes
    self.maxOpenFiles = maxOpenFiles
    self.recoveryThreadCount = recoveryThreadCount
    self.journalBytes = journalBytes
    self.checkpointInterval = checkpointInterval
    self.compactionBytesPerSecond = compactionBytesPerSecond
    self.compactionMemoryBytes = compactionMemoryBytes
    self.producerExpiration = producerExpiration
    self.logger = logger
    self.metrics = metrics
    self.onRecoveryProgress = onRecoveryProgress
  }
}
