package import MoldauFormat

/// Partitions of topics, in the order of the topics' names.
package struct DescribeTopicPartitionsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.describeTopicPartitions

  package var throttleTimeMilliseconds: Int32 = 0
  package var topics: [Topic] = []
  /// Where the next request goes on; nil at the end.
  package var nextCursor: DescribeTopicPartitionsRequest.Cursor?

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&topics)
    try coder.field(&nextCursor)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    package var errorCode = ErrorCode.none
    package var name: String?
    package var id = TopicID.zero
    package var isInternal = false
    package var partitions: [Partition] = []
    package var authorizedOperations = MetadataResponse.operationsNotAsked

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&errorCode)
      try coder.field(&name)
      try coder.field(&id)
      try coder.field(&isInternal)
      try coder.field(&partitions)
      try coder.field(&authorizedOperations)
      try coder.tags()
    }
  }

  package struct Partition: WireValue, Equatable {
    package var errorCode = ErrorCode.none
    package var index: Int32 = 0
    package var leaderID: Int32 = 0
    package var leaderEpoch: Int32 = -1
    package var replicaNodes: [Int32] = []
    package var inSyncReplicaNodes: [Int32] = []
    package var eligibleLeaderReplicas: [Int32]?
    package var lastKnownEligibleLeaderReplicas: [Int32]?
    package var offlineReplicas: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&errorCode)
      try coder.field(&index)
      try coder.field(&leaderID)
      try coder.field(&leaderEpoch)
      try coder.field(&replicaNodes)
      try coder.field(&inSyncReplicaNodes)
      try coder.field(&eligibleLeaderReplicas)
      try coder.field(&lastKnownEligibleLeaderReplicas)
      try coder.field(&offlineReplicas)
      try coder.tags()
    }
  }
}
