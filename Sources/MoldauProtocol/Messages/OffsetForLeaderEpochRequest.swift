/// Asks where leader epochs end (KIP-101, KIP-320).
package struct OffsetForLeaderEpochRequest: ProtocolRequest {
  package typealias Response = OffsetForLeaderEpochResponse
  package static let apiKey = ApiKey.offsetForLeaderEpoch

  /// -1 from a consumer; before version 3 unknown, which is -2.
  package var replicaID: Int32 = -2
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&replicaID, since: 3)
    try coder.field(&topics)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    package var name = ""
    package var partitions: [Partition] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&partitions)
      try coder.tags()
    }
  }

  package struct Partition: WireValue, Equatable {
    package var index: Int32 = 0
    /// What the client believes to be the leader's epoch; -1: not to be checked.
    package var currentLeaderEpoch: Int32 = -1
    /// The epoch whose end is asked for.
    package var leaderEpoch: Int32 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&currentLeaderEpoch)
      try coder.field(&leaderEpoch)
      try coder.tags()
    }
  }
}
