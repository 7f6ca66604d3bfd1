/// What the leader of a group gives to a consumer.
package struct ConsumerProtocolAssignment: ConsumerProtocolMessage {
  package var assignedPartitions: [ConsumerProtocolPartitions] = []
  /// The assignor's own.
  package var userData: [UInt8]?

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&assignedPartitions)
    try coder.field(&userData)
  }
}
