/// The bounds of the engine's queues, buffers and files.
package enum Limits {
  /// Positions in a segment are int32 on disk.
  package static let maxSegmentBytes = Int(Int32.max)
  package static let minSegmentBytes = 1024
  package static let maxBatchBytes = 256 << 20
  package static let maxPartitionsPerTopic = 100_000
  /// What a batch's records may decompress to.
  package static let maxDecompressedBytes = 256 << 20

  /// Recovery tells of its progress about this often, in bytes.
  static let recoveryProgressBytes = 32 << 20

  /// Recovery writes a damaged segment anew after this many spots at the most.
  static let maxSpotsMendedTogether = 1024

  /// A sealed segment with more bytes than this and an empty offset index gets a new one.
  static let maxUnindexedBytes = 4 << 20

  /// Reads that look for a batch near a known position take this much at a time, in bytes.
  static let probeBytes = 8 << 10
  /// Recovery reads this much at a time, which a core keeps in its cache, in bytes.
  static let recoveryChunkBytes = 256 << 10
  /// What a device writes wholly or not at all, in bytes; larger sectors end where these do.
  static let sectorBytes = 512
  /// Sequential reads of a log file take this much at a time, in bytes.
  static let scanBytes = 1 << 20

  /// Appends above this size go by pwrite rather than through a window, in bytes.
  static let maxWindowedAppendBytes = 32 << 10
  /// The first window onto a segment's tail has this many bytes; each next one twice as many.
  static let minWindowBytes = 64 << 10
  static let maxWindowBytes = 512 << 10

  /// A partition whose uncommitted bytes exceed this is committed by a sync of its own file rather
  /// than through the journal.
  static let maxJournaledBytesPerPartition = 1 << 20
  /// A commit of one partition alone is a sync of its own file from so many bytes on.
  static let minBytesSyncedAlone = 48 << 10
  /// More logs than this are synced by one sync of the file system.
  static let maxSyncedOneByOne = 16
  /// The maintenance thread removes this many folders before it looks for other work.
  static let foldersRemovedTogether = 64
  /// A journal file takes at least this much, in bytes.
  static let minJournalBytes = 64 << 10
  /// One journal frame's entries have at most this many bytes together.
  static let maxJournalFrameBytes = 8 << 20
  /// The journal grows by this much at a time, written with zeros, so that most commits sync only
  /// blocks that were written before.
  static let journalGrowthBytes = 1 << 20

  /// After an error that may pass, a log is not compacted for this long.
  static let compactionRetryDelay = Duration.seconds(15)

  /// Producers that a partition remembers at most.
  static let maxProducersPerPartition = 100_000
  /// How far back in the log a producer's batches are looked for after an opening, in bytes.
  static let maxRecalledBytes = 16 << 20
  /// How often silent producers are looked for, at the most.
  static let producerExpiryIntervalMilliseconds: Int64 = 600_000
  /// Batches that a producer's duplicates are looked for in.
  static let rememberedBatchesPerProducer = 5

  /// Threads of a store that read for asynchronous readers.
  static let maxReaderThreads = 4
  /// A reader thread that had nothing to do for this long ends.
  static let idleWorkerMilliseconds: Int64 = 5000
  /// An asynchronous reader reads this much at a time, or one batch if that is larger, in bytes.
  static let readChunkBytes = 512 << 10
  /// A reader takes records out of whole batches until it has this many.
  static let minDecodedRecords = 128
  /// The partitions of the internal topic that holds committed offsets: Kafka's default.
  package static let groupOffsetPartitions = 50
  static let groupOffsetSegmentBytes = 100 << 20
  /// The largest batch of that topic: the members of one group are one record, in bytes.
  static let groupOffsetBatchBytes = 16 << 20
  /// The longest name of a group, in bytes.
  static let maxGroupNameBytes = 4096
  /// After a commit of this many waiters the next one waits a moment for them to come back.
  static let minAwaitedCompany = 4
  static let maxCompanyMicroseconds = 100
  /// A group commit waits at most this long for company.
  static let maxCommitDelaySeconds = 3600
}
