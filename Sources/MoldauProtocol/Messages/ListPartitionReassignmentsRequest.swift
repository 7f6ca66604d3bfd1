/// Asks which replicas are moving.
package struct ListPartitionReassignmentsRequest: ProtocolRequest {
  package typealias Response = ListPartitionReassignmentsResponse
  package static let apiKey = ApiKey.listPartitionReassignments

  package var timeoutMilliseconds: Int32 = 60_000
  /// nil: all.
  package var topics: [Topic]?

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&timeoutMilliseconds)
    try coder.field(&topics)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    package var name = ""
    package var partitionIndexes: [Int32] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name)
      try coder.field(&partitionIndexes)
      try coder.tags()
    }
  }
}
