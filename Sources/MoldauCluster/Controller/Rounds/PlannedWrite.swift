internal import MoldauCoordination

/// Changes of the tree that are made together or not at all, and what they mean.
struct PlannedWrite: Sendable {
  var operations: [CoordinationOperation]
  var changes: [TreeChange]
  /// The write of the same round without which this one is not made; it comes in an earlier stage.
  var after: Int?
  /// Writes of one stage may be made together and in any order.
  var stage = 0
}

/// What became of a write.
enum WriteOutcome: Hashable, Sendable {
  case made
  /// The service has refused the write's operation of this number.
  case refused(CoordinationRefusal, operation: Int)
  /// Another write that this one depends on was not made.
  case omitted
  case failed(String)
  /// It may or may not be made: the service cannot be reached, or this broker is no longer the
  /// controller.
  case unknown
  /// It was not made: this broker is no longer the controller.
  case abandoned

  /// What to say to the one who asked for it; nil when it was made.
  var refusal: ClusterRefusal? {
    switch self {
    case .made: nil
    case .refused, .omitted:
      ClusterRefusal(
        .unknownServerError, "the cluster's nodes were changed by another hand; try again")
    case .failed(let reason): ClusterRefusal(.unknownServerError, reason)
    case .unknown:
      ClusterRefusal(
        .requestTimedOut,
        "the change may have been made, or be made yet: the coordination service has not answered"
          + " this controller")
    case .abandoned: .notController
    }
  }
}
