package import MoldauFormat

/// Joins a group of the consumer protocol (KIP-848), stays in it, or leaves it.
package struct ConsumerGroupHeartbeatRequest: ProtocolRequest {
  package typealias Response = ConsumerGroupHeartbeatResponse
  package static let apiKey = ApiKey.consumerGroupHeartbeat

  package var groupID = ""
  /// The member's own choice from version 1 on; before, empty until the coordinator gave one.
  package var memberID = ""
  /// One of `Epoch`, or the epoch that the member is in.
  package var memberEpoch: Int32 = 0
  /// This and what follows: nil (or -1) when unchanged since the last heartbeat.
  package var instanceID: String?
  package var rackID: String?
  /// How long the coordinator waits for the member to give up partitions.
  package var rebalanceTimeoutMilliseconds: Int32 = -1
  package var subscribedTopicNames: [String]?
  /// In RE2 syntax.
  package var subscribedTopicRegex: String?
  package var serverAssignor: String?
  /// The partitions that the member has.
  package var topicPartitions: [TopicPartitions]?

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&groupID)
    try coder.field(&memberID)
    try coder.field(&memberEpoch)
    try coder.field(&instanceID)
    try coder.field(&rackID)
    try coder.field(&rebalanceTimeoutMilliseconds)
    try coder.field(&subscribedTopicNames)
    try coder.field(&subscribedTopicRegex, since: 1)
    try coder.field(&serverAssignor)
    try coder.field(&topicPartitions)
    try coder.tags()
  }

  /// What a member epoch means that is no epoch.
  package enum Epoch {
    package static let join: Int32 = 0
    package static let leave: Int32 = -1
    /// A static member goes, and is to come back.
    package static let leaveForAWhile: Int32 = -2
  }

  package struct TopicPartitions: WireValue, Equatable {
    package var topicID = TopicID.zero
    package var partitions: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&topicID)
      try coder.field(&partitions)
      try coder.tags()
    }
  }
}
