package import MoldauFormat

/// Asks for record batches of partitions, and says how long to wait for them.
package struct FetchRequest: ProtocolRequest {
  package typealias Response = FetchResponse
  package static let apiKey = ApiKey.fetch

  /// Tagged.
  package var clusterID: String?
  /// -1 from a consumer; from version 15 on it is in `replicaState`.
  package var replicaID: Int32 = -1
  /// Tagged.
  package var replicaState = ReplicaState()
  package var maxWaitMilliseconds: Int32 = 0
  package var minBytes: Int32 = 0
  package var maxBytes = Int32.max
  /// 0: up to the high watermark; 1: read_committed, up to the last stable offset.
  package var isolationLevel: Int8 = 0
  package var sessionID: Int32 = 0
  package var sessionEpoch: Int32 = -1
  package var topics: [Topic] = []
  package var forgottenTopics: [ForgottenTopic] = []
  package var rackID = ""

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&replicaID, through: 14)
    try coder.field(&maxWaitMilliseconds)
    try coder.field(&minBytes)
    try coder.field(&maxBytes)
    try coder.field(&isolationLevel)
    try coder.field(&sessionID, since: 7)
    try coder.field(&sessionEpoch, since: 7)
    try coder.field(&topics)
    try coder.field(&forgottenTopics, since: 7)
    try coder.field(&rackID, since: 11)
    var tags = try coder.openTags()
    try coder.field(&clusterID, tag: 0, default: nil, since: 12, in: &tags)
    try coder.field(&replicaState, tag: 1, default: .init(), since: 15, in: &tags)
    try coder.closeTags(tags)
  }

  package struct ReplicaState: WireValue, Equatable {
    package var replicaID: Int32 = -1
    package var replicaEpoch: Int64 = -1

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&replicaID)
      try coder.field(&replicaEpoch)
      try coder.tags()
    }
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
    package var currentLeaderEpoch: Int32 = -1
    package var fetchOffset: Int64 = 0
    package var lastFetchedEpoch: Int32 = -1
    /// Of the follower that asks; -1 from a consumer.
    package var logStartOffset: Int64 = -1
    package var maxBytes: Int32 = 0
    /// Tagged.
    package var replicaDirectoryID = TopicID.zero
    /// Tagged. What the follower knows; `Int64.max` when it does not take part in KIP-1166.
    package var highWatermark = Int64.max

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&currentLeaderEpoch, since: 9)
      try coder.field(&fetchOffset)
      try coder.field(&lastFetchedEpoch, since: 12)
      try coder.field(&logStartOffset, since: 5)
      try coder.field(&maxBytes)
      var tags = try coder.openTags()
      try coder.field(&replicaDirectoryID, tag: 0, default: .zero, since: 17, in: &tags)
      try coder.field(&highWatermark, tag: 1, default: .max, since: 18, in: &tags)
      try coder.closeTags(tags)
    }
  }

  /// Partitions that leave the fetch session.
  package struct ForgottenTopic: WireValue, Equatable {
    /// Empty from version 13 on, where `id` names the topic.
    package var name = ""
    package var id = TopicID.zero
    package var partitions: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name, through: 12)
      try coder.field(&id, since: 13)
      try coder.field(&partitions)
      try coder.tags()
    }
  }
}
