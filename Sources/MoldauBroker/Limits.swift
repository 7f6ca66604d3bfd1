/// The bounds of the broker's queues and caches.
package enum Limits {
  /// Fetch sessions that are remembered at once, as in Kafka.
  static let fetchSessionCount = 1_000
  /// A fetch session may give way to a new one when it was not used for this long.
  static let fetchSessionIdleMilliseconds: Int64 = 120_000
  /// Partitions of all fetch sessions together; a session above it is not remembered.
  static let fetchSessionPartitionCount = 1_000_000

  /// Fetch sessions of one broker that follows; when it begins more, its oldest ends.
  static let replicaSessionsPerBroker = 16

  /// Topics that one Metadata request creates; it asks again for the others.
  static let createdTopicsPerRequest = 1_000

  /// Partitions that one answer to DescribeTopicPartitions has at most (Kafka's default of
  /// `max.request.partition.size.limit`).
  static let describedPartitionsPerRequest = 2_000
  /// Topics and brokers whose settings are described on the event loop; more of them elsewhere.
  static let configsDescribedAtOnce = 20
  /// The longest text of a setting that is kept for those who ask, in bytes.
  static let settingBytes = 4_096

  /// After this long a change of in-sync replicas is sent again whose outcome is not known.
  static let isrRetryMilliseconds: Int64 = 100

  /// After a partition whose log could not be written was handed over it is not again before this has
  /// passed.
  static let handOverPauseMilliseconds: Int64 = 30_000

  /// Jobs that wait for the thread that does blocking work; above it requests are refused.
  static let blockingJobCount = 10_000

  /// The longest wait that a fetch or a produce request can ask for.
  static let maxWaitMilliseconds: Int32 = 24 * 3_600_000

  /// The most bytes of one fetch answer, whatever the client asks for (`fetch.max.bytes` of Kafka's
  /// broker); a single batch may be larger.
  static let fetchBytes = 55 << 20

  /// Fetch requests of a follower to one leader that are on their way at once: one that waits for
  /// records, and one that overtakes it.
  static let fetchesInFlight = 2

  /// How long the answer to a change of the cluster waits until this broker has heard of it.
  static let imageWaitMilliseconds: Int64 = 5_000

  /// How long a request waits for its group to be loaded before the client is told to come again.
  static let groupLoadWaitMilliseconds: Int64 = 1_000
  /// A part of the groups that could not be read is not tried again before this has passed.
  static let groupLoadRetryMilliseconds: Int64 = 5_000
  /// In a cluster, how long records of a group may take to be on enough replicas before those who
  /// wait are told (Kafka's default of `offsets.commit.timeout.ms`).
  static let groupStorageWaitMilliseconds: Int64 = 5_000
  /// The longest name of a group or of a static member, in bytes: records hold no longer one.
  static let groupNameBytes = 32_767
  /// What one member may say of itself, in bytes: no record holds more than that of all members.
  static let groupMemberBytes = 16 << 20
  /// What all members of a group may say of themselves, in bytes: an answer has room for it.
  static let groupBytes = 256 << 20
  /// What is kept of a client's name to show who is who, in bytes.
  static let shownNameBytes = 255
  /// Members of a group that were given an id and have not come back with it.
  static let pendingMemberCount = 10_000
  /// A new member whose join is not answered within this is let go: if it is there, it comes again.
  static let newMemberJoinMilliseconds: Int64 = 300_000

  /// Members of one consumer group of the newer protocol.
  static let consumerGroupMembers = 10_000
  /// Moves that even out one assignment among members that want different topics.
  static let assignmentMoves = 100_000
  /// The bytes of a pattern of topics, its steps once compiled, the greatest count of a repetition
  /// and the depth of its groups.
  static let patternByteCount = 16_384
  static let patternInstructions = 4_000
  /// Steps of matching topics to patterns that one heartbeat takes at most, some tens of
  /// milliseconds, and those of one more name; the next heartbeat goes on.
  static let patternSteps = 2_000_000
  static let patternRepeats = 1_000
  static let patternDepth = 100

  /// What the disk has not let be made as the cluster has it is not tried again before this has passed.
  static let hostingRetryMilliseconds: Int64 = 3_000
  /// How often a broker that is about to stop asks whether others lead what it has led.
  static let shutdownPollMilliseconds: Int64 = 20
  /// How many of these a controller stays that could leave, as others may be about to stop as well.
  static let farewellLooks = 2
}
