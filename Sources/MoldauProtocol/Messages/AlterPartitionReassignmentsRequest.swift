/// Moves replicas of partitions to other brokers, or calls a move off (KIP-455).
package struct AlterPartitionReassignmentsRequest: ProtocolRequest {
  package typealias Response = AlterPartitionReassignmentsResponse
  package static let apiKey = ApiKey.alterPartitionReassignments

  package var timeoutMilliseconds: Int32 = 60_000
  package var allowsReplicationFactorChange = true
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&timeoutMilliseconds)
    try coder.field(&allowsReplicationFactorChange, since: 1)
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
    /// nil: call the move off.
    package var replicas: [Int32]?

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&replicas)
      try coder.tags()
    }
  }
}
