/// Which committed offsets were forgotten.
package struct OffsetDeleteResponse: ProtocolResponse {
  package static let apiKey = ApiKey.offsetDelete

  package var errorCode = ErrorCode.none
  package var throttleTimeMilliseconds: Int32 = 0
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&errorCode)
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&topics)
  }

  package struct Topic: WireValue, Equatable {
    package var name = ""
    package var partitions: [Partition] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&partitions)
    }
  }

  package struct Partition: WireValue, Equatable {
    package var index: Int32 = 0
    package var errorCode = ErrorCode.none

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&errorCode)
    }
  }
}
