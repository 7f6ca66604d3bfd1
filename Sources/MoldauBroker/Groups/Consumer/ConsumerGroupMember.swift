/// One who consumes in a consumer group: what it wants, and what it owns.
struct ConsumerGroupMember: Sendable, Equatable {
  /// How far a member has come on its way to the target assignment; the numbers are Kafka's.
  enum State: Int8, Sendable {
    /// It owns what it was to own at its epoch.
    case stable = 0
    /// It has partitions to give back before it comes to the next epoch.
    case unrevokedPartitions = 1
    /// It is in the newest epoch and waits for partitions that others have still to give back.
    case unreleasedPartitions = 2
  }

  let id: String
  /// The name of a static member.
  var instanceID: String?
  var rackID: String?
  var clientID = ""
  var clientHost = ""
  /// In ascending order, none twice.
  var topicNames: [String] = []
  /// A regular expression for more topics; see `TopicPattern`.
  var topicPattern: String?
  /// How long the member may take to give partitions back.
  var rebalanceTimeoutMilliseconds: Int32 = 0
  /// The assignor that it would like.
  var assignor: String?

  var epoch: Int32 = 0
  /// The epoch before; a member that missed an answer still names it.
  var previousEpoch: Int32 = 0
  var state = State.stable
  var assigned: Set<GroupPartition> = []
  /// What it has been told to give back, and still owns.
  var pendingRevocation: Set<GroupPartition> = []

  /// When it is taken for dead unless it is heard of.
  var sessionDeadline: Int64 = .max
  /// When it has failed to give partitions back.
  var revocationDeadline: Int64?

  init(id: String) {
    self.id = id
  }

  /// Whether it is a static member that will come back.
  var isAway: Bool { epoch == ConsumerGroup.steppingAway }

  /// Whether it owns what the target assignment of this epoch gives it.
  func isReconciled(to targetEpoch: Int32) -> Bool {
    state == .stable && epoch == targetEpoch
  }

  /// Moves to an epoch and remembers the one before.
  mutating func advance(to newEpoch: Int32) {
    guard newEpoch != epoch else { return }
    previousEpoch = epoch
    epoch = newEpoch
  }
}
