package import MoldauFormat

/// The voters and observers of the metadata quorum.
package struct DescribeQuorumResponse: ProtocolResponse {
  package static let apiKey = ApiKey.describeQuorum

  package var errorCode = ErrorCode.none
  package var errorMessage: String?
  package var topics: [Topic] = []
  package var nodes: [Node] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&errorCode)
    try coder.field(&errorMessage, since: 2)
    try coder.field(&topics)
    try coder.field(&nodes, since: 2)
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
    package var errorCode = ErrorCode.none
    package var errorMessage: String?
    package var leaderID: Int32 = 0
    package var leaderEpoch: Int32 = 0
    package var highWatermark: Int64 = 0
    package var currentVoters: [Replica] = []
    package var observers: [Replica] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&errorCode)
      try coder.field(&errorMessage, since: 2)
      try coder.field(&leaderID)
      try coder.field(&leaderEpoch)
      try coder.field(&highWatermark)
      try coder.field(&currentVoters)
      try coder.field(&observers)
      try coder.tags()
    }
  }

  package struct Replica: WireValue, Equatable {
    package var id: Int32 = 0
    package var directoryID = TopicID.zero
    /// -1 when unknown.
    package var logEndOffset: Int64 = 0
    /// Milliseconds since 1970; -1 when unknown.
    package var lastFetchTimestampMilliseconds: Int64 = -1
    /// Milliseconds since 1970; -1 when unknown.
    package var lastCaughtUpTimestampMilliseconds: Int64 = -1

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&id)
      try coder.field(&directoryID, since: 2)
      try coder.field(&logEndOffset)
      try coder.field(&lastFetchTimestampMilliseconds, since: 1)
      try coder.field(&lastCaughtUpTimestampMilliseconds, since: 1)
      try coder.tags()
    }
  }

  package struct Node: WireValue, Equatable {
    package var id: Int32 = 0
    package var listeners: [Listener] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&id)
      try coder.field(&listeners)
      try coder.tags()
    }
  }

  package struct Listener: WireValue, Equatable {
    package var name = ""
    package var host = ""
    package var port: UInt16 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&host)
      try coder.field(&port)
      try coder.tags()
    }
  }
}
