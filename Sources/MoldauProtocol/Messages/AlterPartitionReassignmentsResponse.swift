/// Which moves were begun or called off.
package struct AlterPartitionReassignmentsResponse: ProtocolResponse {
  package static let apiKey = ApiKey.alterPartitionReassignments

  package var throttleTimeMilliseconds: Int32 = 0
  package var allowsReplicationFactorChange = true
  package var errorCode = ErrorCode.none
  package var errorMessage: String?
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&throttleTimeMilliseconds)
    try coder.field(&allowsReplicationFactorChange, since: 1)
    try coder.field(&errorCode)
    try coder.field(&errorMessage)
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
    package var errorMessage: String?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&errorCode)
      try coder.field(&errorMessage)
      try coder.tags()
    }
  }
}
