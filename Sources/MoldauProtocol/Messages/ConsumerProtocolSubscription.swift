/// What a consumer wants, for the leader of its group to read.
package struct ConsumerProtocolSubscription: ConsumerProtocolMessage {
  package var topics: [String] = []
  /// The assignor's own.
  package var userData: [UInt8]?
  /// What the consumer has (KIP-429).
  package var ownedPartitions: [ConsumerProtocolPartitions] = []
  /// In which generation it got them; -1 when in none.
  package var generationID: Int32 = -1
  package var rackID: String?

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&topics)
    try coder.field(&userData)
    try coder.field(&ownedPartitions, since: 1)
    try coder.field(&generationID, since: 2)
    try coder.field(&rackID, since: 3)
  }
}
