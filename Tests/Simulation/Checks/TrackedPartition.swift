import MoldauBroker
import MoldauFormat
import MoldauLog

/// What the inspector knows of a partition of one topic: another topic of the same name begins anew.
struct TrackedPartition {
  /// What a node's replica was when it was last looked at.
  struct View {
    var startCount = 0
    var role = PartitionRole.none
    var highWatermark = Offset.zero
    var start = Offset.zero
    var end = Offset.zero
    var epochs: [EpochRuns.Entry] = []
    /// All below it is as it was committed.
    var verified: Int64 = 0

    /// Whether what a replica is has changed.
    func isSame(as other: View) -> Bool {
      startCount == other.startCount && role == other.role
        && highWatermark == other.highWatermark && start == other.start && end == other.end
        && epochs == other.epochs
    }
  }

  let topicID: TopicID
  /// What all below any leader's high watermark was, by offset.
  /// Nothing where a leader lost what nobody had been told of, and what came behind it was kept.
  var committed: [LoggedRecord?] = []
  /// Leaders have deleted what lies below it.
  var deletedBelow: Int64 = 0
  var views: [Int32: View] = [:]
  var runs: [Int32: EpochRuns] = [:]
  /// Who has led in an epoch, in which run of the broker.
  var leaders: [Int32: (node: Int32, startCount: Int)] = [:]
  var producers = ProducerOrder()

  init(topicID: TopicID) {
    self.topicID = topicID
  }
}
