/// Asks for the offset at a time, or at an end, of partitions.
package struct ListOffsetsRequest: ProtocolRequest {
  package typealias Response = ListOffsetsResponse
  package static let apiKey = ApiKey.listOffsets

  /// -1 from a consumer.
  package var replicaID: Int32 = -1
  /// 0: up to the high watermark; 1: read_committed, up to the last stable offset.
  package var isolationLevel: Int8 = 0
  package var topics: [Topic] = []
  package var timeoutMilliseconds: Int32 = 0

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&replicaID)
    try coder.field(&isolationLevel, since: 2)
    try coder.field(&topics)
    try coder.field(&timeoutMilliseconds, since: 10)
    try coder.tags()
  }

  /// The meaning of a negative timestamp.
  package enum Position {
    package static let latest: Int64 = -1
    package static let earliest: Int64 = -2
    package static let maxTimestamp: Int64 = -3
    package static let earliestLocal: Int64 = -4
    package static let latestTiered: Int64 = -5
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
    package var currentLeaderEpoch: Int32 = -1
    /// Milliseconds since 1970, or one of `Position`.
    package var timestampMilliseconds: Int64 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&currentLeaderEpoch, since: 4)
      try coder.field(&timestampMilliseconds)
      // Version 0 asks for several; one is answered.
      var greatestCount: Int32 = 1
      try coder.field(&greatestCount, through: 0)
      try coder.tags()
    }
  }
}
