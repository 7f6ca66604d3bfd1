import MoldauCluster
import MoldauDisk
import MoldauLog

/// What may happen in a simulated cluster.
struct Scenario {
  /// Things that go wrong, or are done to the cluster.
  enum Fault: CaseIterable {
    /// A broker is killed; what it has written is still there.
    case kill
    /// A node loses its power: what was not synced may be gone.
    case powerCut
    /// A broker stops in order.
    case stop
    /// A node stands still, for less or more than its session lasts.
    case pause
    /// Nothing comes from one node to another.
    case blockOneWay
    case blockBothWays
    /// A node cannot reach the coordination service.
    case cutFromEnsemble
    /// The coordination service loses its majority.
    case quorumLoss
    /// The answer to a write of the controller's gets lost.
    case lostWrite
    case slowNode
    case skewedClock
    /// A replica is moved, or moved back.
    case reassign
    case electPreferred
    /// A disk fails to sync: once, or until the broker is started again.
    case failedSync
    /// A disk fails to write for a while.
    case failedWrites
    /// A disk is full, and has room again later.
    case fullDisk
    /// The topic of which all may be deleted is deleted, and made anew.
    case deleteTopic
    case deleteRecords

    /// Whether a node may leave the replicas in sync by it, though it has what is committed. That is
    /// not survived while the disk of the last one in sync fails.
    var silencesNodes: Bool {
      switch self {
      case .kill, .powerCut, .stop, .pause, .blockOneWay, .blockBothWays, .cutFromEnsemble,
        .slowNode:
        true
      default: false
      }
    }
  }

  var nodeCount = 3
  /// The broker that starts alone, and so becomes the controller.
  var firstNode: Int32?
  /// Where the replicas are; nil leaves it to the controller.
  var assignment: [[Int32]]?
  /// What goes wrong, step by step; nil leaves it to chance.
  var script: (@Sendable (ClusterRun) -> Void)?
  var replicationFactor = 3
  var partitionCount = 2
  var minInSyncReplicas = 2
  var rules = ReplicationRules.all
  var durability = Durability.groupCommit()
  /// The bytes of a partition that a follower fetches at once; nil is more than there ever is.
  var fetchBytes: Int32?
  /// Each as often as it is named.
  var faults = Fault.allCases
  /// How long things go wrong, in microseconds.
  var duration: Int64 = 6_000_000
  var faultPause: ClosedRange<Int64> = 100_000...1_200_000
  var producerCount = 2
  var hasCarelessProducer = true
  /// How many groups commit offsets.
  var groupCount = 2
  /// How many members the group of the classic protocol has, and that of the newer one.
  var classicMemberCount = 3
  var consumerMemberCount = 3
  /// Whether there is a topic besides, of which segments, records and all are deleted.
  var hasDeletedTopic = true
  /// At one of so many batches a producer gives up what is on its way, and takes another epoch.
  var giveUpOneIn: Int? = 40
  /// How long a producer rests between two batches, in microseconds.
  var producerPause: ClosedRange<Int64> = 10_000...150_000
  var sessionTimeoutMilliseconds: Int32 = 900
  var lagMilliseconds: Int64 = 500

  /// Nothing but partitions, their replicas and who writes to them: for what breaks there.
  static let replication = {
    var scenario = Scenario()
    scenario.hasDeletedTopic = false
    scenario.classicMemberCount = 0
    scenario.consumerMemberCount = 0
    scenario.giveUpOneIn = nil
    return scenario
  }()
}
