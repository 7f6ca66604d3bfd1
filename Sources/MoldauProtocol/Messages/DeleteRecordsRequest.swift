/// Deletes the records of partitions up to an offset.
package struct DeleteRecordsRequest: ProtocolRequest {
  package typealias Response = DeleteRecordsResponse
  package static let apiKey = ApiKey.deleteRecords

  package var topics: [Topic] = []
  package var timeoutMilliseconds: Int32 = 0

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&topics)
    try coder.field(&timeoutMilliseconds)
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
    /// The first record to keep; -1: none, up to the high watermark.
    package var offset: Int64 = 0

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&offset)
      try coder.tags()
    }
  }
}
