package import MoldauFormat

/// A leader wants other in-sync replicas for its partitions (KIP-497, KIP-903).
package struct AlterPartitionRequest: ProtocolRequest {
  package typealias Response = AlterPartitionResponse
  package static let apiKey = ApiKey.alterPartition

  package var brokerID: Int32 = 0
  package var brokerEpoch: Int64 = -1
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&brokerID)
    try coder.field(&brokerEpoch)
    try coder.field(&topics)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    package var id = TopicID.zero
    package var partitions: [Partition] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&id)
      try coder.field(&partitions)
      try coder.tags()
    }
  }

  package struct Partition: WireValue, Equatable {
    package var index: Int32 = 0
    package var leaderEpoch: Int32 = 0
    /// The wanted in-sync replicas, of version 2.
    package var isr: [Int32] = []
    /// The wanted in-sync replicas, from version 3 on.
    package var isrWithEpochs: [Replica] = []
    /// 1 while a leader that was elected uncleanly recovers; always 0 here.
    package var leaderRecoveryState: Int8 = 0
    /// The state that is to be changed.
    package var partitionEpoch: Int32 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&leaderEpoch)
      try coder.field(&isr, through: 2)
      try coder.field(&isrWithEpochs, since: 3)
      try coder.field(&leaderRecoveryState)
      try coder.field(&partitionEpoch)
      try coder.tags()
    }
  }

  /// A replica in the incarnation in which it has caught up.
  package struct Replica: WireValue, Equatable {
    package var brokerID: Int32 = 0
    /// −1: not to be checked.
    package var brokerEpoch: Int64 = -1

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&brokerID)
      try coder.field(&brokerEpoch)
      try coder.tags()
    }
  }
}
