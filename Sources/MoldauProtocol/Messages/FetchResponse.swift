package import MoldauFormat

/// Record batches of partitions. The records themselves stay out of it: see `Records`.
package struct FetchResponse: ProtocolResponse {
  package static let apiKey = ApiKey.fetch

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var sessionID: Int32 = 0
  package var topics: [Topic] = []
  /// Tagged.
  package var nodeEndpoints: [NodeEndpoint] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&errorCode, since: 7)
    try coder.field(&sessionID, since: 7)
    try coder.field(&topics)
    var tags = try coder.openTags()
    try coder.field(&nodeEndpoints, tag: 0, default: [], since: 16, in: &tags)
    try coder.closeTags(tags)
  }

  package struct Topic: WireValue, Equatable {
    /// Empty from version 13 on, where `id` names the topic.
    package var name = ""
    package var id = TopicID.zero
    package var partitions: [Partition] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name, through: 12)
      try coder.field(&id, since: 13)
      try coder.field(&partitions)
      try coder.tags()
    }
  }

  package struct Partition: WireValue, Equatable {
    package var index: Int32 = 0
    package var errorCode = ErrorCode.none
    package var highWatermark: Int64 = 0
    package var lastStableOffset: Int64 = -1
    package var logStartOffset: Int64 = -1
    /// Tagged.
    package var divergingEpoch = EpochEndOffset()
    /// Tagged.
    package var currentLeader = LeaderIDAndEpoch()
    /// Tagged.
    package var snapshotID = SnapshotID()
    /// nil from a broker to a reader that is not read_committed.
    package var abortedTransactions: [AbortedTransaction]?
    package var preferredReadReplica: Int32 = -1
    package var records = Records.null

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&errorCode)
      try coder.field(&highWatermark)
      try coder.field(&lastStableOffset)
      try coder.field(&logStartOffset, since: 5)
      try coder.field(&abortedTransactions)
      try coder.field(&preferredReadReplica, since: 11)
      try coder.field(&records)
      var tags = try coder.openTags()
      try coder.field(&divergingEpoch, tag: 0, default: .init(), since: 12, in: &tags)
      try coder.field(&currentLeader, tag: 1, default: .init(), since: 12, in: &tags)
      try coder.field(&snapshotID, tag: 2, default: .init(), since: 12, in: &tags)
      try coder.closeTags(tags)
    }
  }

  /// The largest epoch up to which the follower's log agrees, and where it ends.
  package struct EpochEndOffset: WireValue, Equatable {
    package var epoch: Int32 = -1
    package var endOffset: Int64 = -1

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&epoch)
      try coder.field(&endOffset)
      try coder.tags()
    }
  }

  package struct SnapshotID: WireValue, Equatable {
    package var endOffset: Int64 = -1
    package var epoch: Int32 = -1

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&endOffset)
      try coder.field(&epoch)
      try coder.tags()
    }
  }

  package struct AbortedTransaction: WireValue, Equatable {
    package var producerID: Int64 = 0
    package var firstOffset: Int64 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&producerID)
      try coder.field(&firstOffset)
      try coder.tags()
    }
  }
}
