import MoldauFormat
import MoldauLog

/// Of a partition that this broker leads in a cluster: what is below the high watermark is committed.
struct ReplicatedGroupStorage: GroupStorage {
  let partition: Partition
  let leaderEpoch: Int32

  var refusal: GroupStorageFailure? {
    isLeading ? nil : .notCoordinator
  }

  func whenCommitted(
    below offset: Offset, _ body: @escaping @Sendable (GroupStorageFailure?) -> Void
  ) {
    if let result = result(below: offset) { return body(result.failure) }
    _ = partition.whenVisible(passes: offset.advanced(by: -1)) {
      // Called early when the role has changed.
      body(result(below: offset)?.failure ?? .notCoordinator)
    }
  }

  /// How it has ended; nil when that is not known yet.
  ///
  /// The high watermark is read first: while the leadership lasts it is of this leadership.
  private func result(below offset: Offset) -> (failure: GroupStorageFailure?, Void)? {
    let highWatermark = partition.highWatermark
    guard isLeading else { return (.notCoordinator, ()) }
    return highWatermark >= offset ? (nil, ()) : nil
  }

  private var isLeading: Bool { partition.role == .leader(epoch: leaderEpoch) }
}
