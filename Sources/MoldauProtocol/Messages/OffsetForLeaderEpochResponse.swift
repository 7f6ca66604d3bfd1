/// Where leader epochs end.
package struct OffsetForLeaderEpochResponse: ProtocolResponse {
  package static let apiKey = ApiKey.offsetForLeaderEpoch

  package var throttleTimeMilliseconds: Int32 = 0
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
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
    package var errorCode = ErrorCode.none
    package var index: Int32 = 0
    /// The largest epoch up to the one asked for that the partition has; -1 when there is none.
    package var leaderEpoch: Int32 = -1
    /// The first offset after that epoch; -1 when there is none.
    package var endOffset: Int64 = -1

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&errorCode)
      try coder.field(&index)
      try coder.field(&leaderEpoch)
      try coder.field(&endOffset)
      try coder.tags()
    }
  }
}
