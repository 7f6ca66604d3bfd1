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

    /// The leader epoch that it has known last.
    var reachedEpoch: Int32 = -1
    /// Where it has ended at most in that epoch, in an earlier run of the broker too; what it has cut
    /// off does not count.
    var reached = Offset.zero

    /// Takes into account that it has become what it is.
    mutating func noteReached(before old: View) {
      let hasCut = startCount == old.startCount && end < old.end
      guard let epoch = role.epoch ?? (hasCut ? nil : reachedEpoch) else { return reached = end }
      reached = epoch == reachedEpoch && !hasCut ? max(reached, end) : end
      reachedEpoch = epoch
    }

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

  /// Whether a replica may have `record` at an offset below the end of what is committed.
  ///
  /// - Parameter isCompacted: whether a record may be gone of whose key a newer one is committed, and
  ///   one without a value.
  func allows(_ record: LoggedRecord?, at offset: Int, isCompacted: Bool) -> Bool {
    guard let expected = committed[offset] else {
      // Nobody has looked at what was deleted at once.
      return record == nil || Int64(offset) < deletedBelow
    }
    guard isCompacted else { return record == expected }
    if let record { return record.isSame(as: expected) }
    guard expected.key != nil, expected.value != nil else { return true }
    return committed[(offset + 1)...].contains { $0?.key == expected.key }
  }
}

extension PartitionRole {
  fileprivate var epoch: Int32? {
    switch self {
    case .leader(let epoch), .follower(_, let epoch): epoch
    case .standalone, .none: nil
    }
  }
}
