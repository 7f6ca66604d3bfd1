/// The bounds of the broker's queues and caches.
package enum Limits {
  /// Fetch sessions that are remembered at once, as in Kafka.
  static let fetchSessionCount = 1_000
  /// A fetch session may give way to a new one when it was not used for this long.
  static let fetchSessionIdleMilliseconds: Int64 = 120_000
  /// Partitions of all fetch sessions together; a session above it is not remembered.
  static let fetchSessionPartitionCount = 1_000_000

  /// Topics that one Metadata request creates; it asks again for the others.
  static let createdTopicsPerRequest = 1_000

  /// Jobs that wait for the thread that does blocking work; above it requests are refused.
  static let blockingJobCount = 10_000

  /// The longest wait that a fetch or a produce request can ask for.
  static let maxWaitMilliseconds: Int32 = 24 * 3_600_000

  /// The most bytes of one fetch answer, whatever the client asks for (`fetch.max.bytes` of Kafka's
  /// broker); a single batch may be larger.
  static let fetchBytes = 55 << 20
}
