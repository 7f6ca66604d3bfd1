package import MoldauFormat

/// Which in-sync replicas the partitions have now.
package struct AlterPartitionResponse: ProtocolResponse {
  package static let apiKey = ApiKey.alterPartition

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&errorCode)
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
    package var errorCode = ErrorCode.none
    package var leaderID: Int32 = 0
    package var leaderEpoch: Int32 = 0
    package var isr: [Int32] = []
    /// 1 while a leader that was elected uncleanly recovers; always 0 here.
    package var leaderRecoveryState: Int8 = 0
    package var partitionEpoch: Int32 = 0
    /// The eligible leader replicas: Moldau's own field, which Kafka passes over.
    package var elr: [Int32] = []

    /// Far from the tags that Kafka may give to fields of its own.
    private static let elrTag = 10_000

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&errorCode)
      try coder.field(&leaderID)
      try coder.field(&leaderEpoch)
      try coder.field(&isr)
      try coder.field(&leaderRecoveryState)
      try coder.field(&partitionEpoch)
      var tags = try coder.openTags()
      try coder.field(&elr, tag: Self.elrTag, default: [], since: 2, in: &tags)
      try coder.closeTags(tags)
    }
  }
}
