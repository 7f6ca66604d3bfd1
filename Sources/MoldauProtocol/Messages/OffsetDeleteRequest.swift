/// Forgets committed offsets of a group.
package struct OffsetDeleteRequest: ProtocolRequest {
  package typealias Response = OffsetDeleteResponse
  package static let apiKey = ApiKey.offsetDelete

  package var groupID = ""
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&groupID)
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

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
    }
  }
}
