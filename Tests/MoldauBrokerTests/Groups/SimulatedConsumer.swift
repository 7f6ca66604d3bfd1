import MoldauProtocol

@testable import MoldauBroker

/// A client of the simulated group: does what the libraries do, with the answers it gets.
struct SimulatedConsumer {
  enum Phase: Equatable {
    case outside
    case joining
    case syncing
    case member
  }

  let number: Int
  let instanceID: String?
  let requiresKnownID: Bool
  let canSkipAssignment: Bool
  let protocols: [String]
  let sessionTimeout: Int64
  let rebalanceTimeout: Int64
  var memberID = ""
  var generation: Int32 = -1
  var phase = Phase.outside
  /// Counts its lives and attempts: what an earlier one is told or wakes up for is passed over.
  var attempt = 0
  var isSlowUntil: Int64 = 0
  var assignment: [UInt8] = []
  /// Who it was in earlier lives and generations.
  var past: [(memberID: String, generation: Int32)] = []

  /// By this name it owns partitions, whatever its member id is.
  var owner: String { instanceID ?? memberID }

  func join(newMemberID: String) -> ClassicJoin {
    var subscription = ConsumerProtocolSubscription()
    subscription.topics = ["topic"]
    let metadata = subscription.encoded(version: 1)
    return ClassicJoin(
      memberID: memberID, instanceID: instanceID, clientID: "client-\(number)", clientHost: "/",
      rebalanceTimeoutMilliseconds: rebalanceTimeout, sessionTimeoutMilliseconds: sessionTimeout,
      protocolType: "consumer",
      protocols: protocols.map { name in
        var supported = JoinGroupRequest.GroupProtocol()
        supported.name = name
        supported.metadata = metadata
        return supported
      },
      requiresKnownID: requiresKnownID, canSkipAssignment: canSkipAssignment,
      newMemberID: newMemberID)
  }
}
