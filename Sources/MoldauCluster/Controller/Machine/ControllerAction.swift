internal import Logging
internal import MoldauCoordination

/// What the controller wants done. In the order in which it says so.
enum ControllerAction: Sendable {
  /// Ask the service, all at once, and say what it answered.
  case ask([CoordinationRequest], ControllerQuestion, term: Int)
  case call(@Sendable () -> Void)
  /// Say when the time is up; replaces what was set before.
  case wake(ControllerAlarm, afterMilliseconds: Int64)
  case log(Logger.Level, String)
}

/// What an answer is to.
enum ControllerQuestion: Hashable, Sendable {
  /// Whether the nodes are there that always are, and the cluster's id.
  case base
  /// Who the controller is.
  case controller
  /// Which controller epoch is the last; to claim the next, or to see that the claim was made.
  case epoch(confirms: ControllerNode?)
  case claim(epoch: Int32, version: Int32)
  /// Whether it still is this one.
  case incumbent
  case stepDown
  case names
  case nodes
  case states
  case bare
  case brokerNames
  case brokers([Int32])
  /// The chunk of the round with this number.
  case write(Int)
  case evidence(Int)
}

enum ControllerAlarm: Hashable, Sendable, CaseIterable {
  /// What failed is tried again.
  case retry
  /// The service could not be reached for long.
  case patience
  /// Leaderships go back to the preferred leaders.
  case rebalance
}
