import MoldauFormat
import MoldauLog

/// Of a partition that this broker leads in a cluster: what is below the high watermark is committed.
struct ReplicatedGroupStorage: GroupStorage {
  let partition: Partition
  let leaderEpoch: Int32

  var refusal: GroupStorageFailure? {
    guard isLeading else { return .notCoordinator }
    return partition.replica?.isUnderMinISR == true ? .notEnoughReplicas : nil
  }

  func whenCommitted(
    below offset: Offset, _ body: @escaping @Sendable (GroupStorageOutcome) -> Void
  ) {
    partition.whenCommitted(below: offset, inEpoch: leaderEpoch) { verdict in
      switch verdict {
      case .committed: body(.committed)
      case .leadershipLost: body(.failed(.notCoordinator))
      case .failed(let error): body(.failed(GroupStorageFailure(error)))
      case .tooFewReplicas:
        body(.delayed(.notEnoughReplicas))
        awaitHighWatermark(offset, body)
      }
    }
  }

  /// Waits until enough replicas are in sync again, or until the leadership ends.
  private func awaitHighWatermark(
    _ offset: Offset, _ body: @escaping @Sendable (GroupStorageOutcome) -> Void
  ) {
    _ = partition.whenVisible(passes: offset.advanced(by: -1)) {
      // It is read first: while the leadership lasts it is of this leadership.
      let highWatermark = partition.highWatermark
      guard isLeading else { return body(.failed(.notCoordinator)) }
      if highWatermark >= offset { return body(.committed) }
      awaitHighWatermark(offset, body)
    }
  }

  func noteFailedAppend(_ error: LogError) {
    partition.replica?.noteFailedAppend(error)
  }

  private var isLeading: Bool { partition.leadingEpoch == leaderEpoch }
}
