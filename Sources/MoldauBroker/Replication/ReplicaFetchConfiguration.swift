/// How a broker copies the partitions that others lead. The names in parentheses are Kafka's.
public struct ReplicaFetchConfiguration: Hashable, Sendable {
  /// How long a leader may wait for records before it answers (`replica.fetch.wait.max.ms`).
  public var maxWaitMilliseconds: Int32
  /// The most bytes of one answer; a single batch may be larger
  /// (`replica.fetch.response.max.bytes`).
  public var responseBytes: Int32
  /// The most bytes of one partition in an answer; a single batch may be larger
  /// (`replica.fetch.max.bytes`).
  public var partitionBytes: Int32
  /// The pause after a first failure; it doubles with each that follows.
  public var minBackoffMilliseconds: Int64
  /// The longest pause after failures (`replica.fetch.backoff.ms`).
  public var maxBackoffMilliseconds: Int64
  /// The pause before a replica is tried again whose log cannot be written.
  public var failedBackoffMilliseconds: Int64
  /// How much longer than `maxWaitMilliseconds` a leader may take before its connection counts as
  /// lost.
  public var answerMilliseconds: Int64

  /// The most bytes of an answer, and of one partition in it, where a replica is behind its leader's
  /// high watermark: it asks again before it has appended, so that small answers cost no wait, and what
  /// fits a core's cache is checked and written twice as fast.
  package var behindBytes: Int32 = 1 << 20
  /// The bytes of a replica that is behind which may wait for the device at once; above it the
  /// replica waits.
  package var unsyncedBytes = 64 << 20
  /// So many of them begin a sync.
  package var syncBytes = 8 << 20
  /// Whether leaders are asked to remember what was asked for before.
  package var usesSessions = true

  /// A configuration; whatever is left out has its default.
  public init(
    maxWaitMilliseconds: Int32 = 500, responseBytes: Int32 = 8 << 20,
    partitionBytes: Int32 = 4 << 20, minBackoffMilliseconds: Int64 = 25,
    maxBackoffMilliseconds: Int64 = 1_000, failedBackoffMilliseconds: Int64 = 10_000,
    answerMilliseconds: Int64 = 4_000
  ) {
    self.maxWaitMilliseconds = maxWaitMilliseconds
    self.responseBytes = responseBytes
    self.partitionBytes = partitionBytes
    self.minBackoffMilliseconds = minBackoffMilliseconds
    self.maxBackoffMilliseconds = maxBackoffMilliseconds
    self.failedBackoffMilliseconds = failedBackoffMilliseconds
    self.answerMilliseconds = answerMilliseconds
  }
}
