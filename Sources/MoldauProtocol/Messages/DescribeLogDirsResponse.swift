/// What a broker's disks hold.
package struct DescribeLogDirsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.describeLogDirs

  package var throttleTimeMilliseconds: Int32 = 0
  package var errorCode = ErrorCode.none
  package var directories: [Directory] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&errorCode, since: 3)
    try coder.field(&directories)
    try coder.tags()
  }

  package struct Directory: WireValue, Equatable {
    package var errorCode = ErrorCode.none
    package var path = ""
    package var topics: [Topic] = []
    /// Of the volume; -1 when unknown.
    package var totalByteCount: Int64 = -1
    /// Of the volume; -1 when unknown.
    package var usableByteCount: Int64 = -1

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&errorCode)
      try coder.field(&path)
      try coder.field(&topics)
      try coder.field(&totalByteCount, since: 4)
      try coder.field(&usableByteCount, since: 4)
      try coder.tags()
    }
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
    package var byteCount: Int64 = 0
    /// How far a replica here is behind the high watermark.
    package var offsetLag: Int64 = 0
    /// Whether it is to replace the replica in another directory.
    package var isFuture = false

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&byteCount)
      try coder.field(&offsetLag)
      try coder.field(&isFuture)
      try coder.tags()
    }
  }
}
