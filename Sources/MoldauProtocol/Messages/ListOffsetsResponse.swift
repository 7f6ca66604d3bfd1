/// The offsets that a `ListOffsetsRequest` asked for.
package struct ListOffsetsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.listOffsets

  package var throttleTimeMilliseconds: Int32 = 0
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds, since: 2)
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
    package var errorCode = ErrorCode.none
    /// -1 when there is no record at or after the time asked for, or an end was asked for.
    package var timestampMilliseconds: Int64 = -1
    package var offset: Int64 = -1
    package var leaderEpoch: Int32 = -1

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&errorCode)
      // Version 0 has a list, which is empty when there is no offset.
      var offsets = offset < 0 ? [] : [offset]
      try coder.field(&offsets, through: 0)
      if coder.version == 0 { offset = offsets.first ?? -1 }
      try coder.field(&timestampMilliseconds, since: 1)
      try coder.field(&offset, since: 1)
      try coder.field(&leaderEpoch, since: 4)
      try coder.tags()
    }
  }
}
