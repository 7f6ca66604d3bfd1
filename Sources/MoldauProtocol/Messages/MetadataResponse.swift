package import MoldauFormat

/// The brokers of the cluster, and topics with the leaders of their partitions.
package struct MetadataResponse: ProtocolResponse {
  package static let apiKey = ApiKey.metadata
  /// Stands for authorized operations that were not asked for.
  package static let operationsNotAsked = Int32.min

  package var throttleTimeMilliseconds: Int32 = 0
  package var brokers: [Broker] = []
  package var clusterID: String?
  package var controllerID: Int32 = -1
  package var topics: [Topic] = []
  package var clusterAuthorizedOperations = operationsNotAsked
  package var errorCode = ErrorCode.none

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 3)
    try coder.field(&brokers)
    try coder.field(&clusterID, since: 2)
    try coder.field(&controllerID, since: 1)
    try coder.field(&topics)
    try coder.field(&clusterAuthorizedOperations, since: 8, through: 10)
    try coder.field(&errorCode, since: 13)
    try coder.tags()
  }

  package struct Broker: WireValue, Equatable {
    package var nodeID: Int32 = 0
    package var host = ""
    package var port: Int32 = 0
    package var rack: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&nodeID)
      try coder.field(&host)
      try coder.field(&port)
      try coder.field(&rack, since: 1)
      try coder.tags()
    }
  }

  package struct Topic: WireValue, Equatable {
    package var errorCode = ErrorCode.none
    /// nil for a topic that was asked for by an id and is not there.
    package var name: String?
    package var id = TopicID.zero
    package var isInternal = false
    package var partitions: [Partition] = []
    package var authorizedOperations = operationsNotAsked

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&errorCode)
      try coder.field(&name, nullableSince: 12)
      try coder.field(&id, since: 10)
      try coder.field(&isInternal, since: 1)
      try coder.field(&partitions)
      try coder.field(&authorizedOperations, since: 8)
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
    package var offlineReplicas: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&errorCode)
      try coder.field(&index)
      try coder.field(&leaderID)
      try coder.field(&leaderEpoch, since: 7)
      try coder.field(&replicaNodes)
      try coder.field(&inSyncReplicaNodes)
      try coder.field(&offlineReplicas, since: 5)
      try coder.tags()
    }
  }
}
