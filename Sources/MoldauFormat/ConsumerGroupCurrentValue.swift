/// The partitions that a member of a consumer group owns, and how far it has come.
///
/// Format: docs/format/consumer-groups.md.
package struct ConsumerGroupCurrentValue: Hashable, Sendable {
  package static let version: Int16 = 0

  /// The epoch that the member is in; −2: a static member that is away.
  package var epoch: Int32
  /// The epoch before, which a member that missed an answer still names.
  package var previousEpoch: Int32
  /// Kafka's number of the member's state.
  package var state: Int8
  package var assigned: [ConsumerGroupPartitions]
  /// What the member has to give back first.
  package var pendingRevocation: [ConsumerGroupPartitions]

  package init(
    epoch: Int32, previousEpoch: Int32, state: Int8, assigned: [ConsumerGroupPartitions],
    pendingRevocation: [ConsumerGroupPartitions]
  ) {
    self.epoch = epoch
    self.previousEpoch = previousEpoch
    self.state = state
    self.assigned = assigned
    self.pendingRevocation = pendingRevocation
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = try ByteReader(bytes, valueVersion: Self.version, "group current value")
    epoch = try reader.integer(Int32.self)
    previousEpoch = try reader.integer(Int32.self)
    state = try reader.integer(Int8.self)
    assigned = try reader.groupPartitions()
    pendingRevocation = try reader.groupPartitions()
    try reader.skipTaggedFields()
  }

  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.version)
    bytes.appendBigEndian(epoch)
    bytes.appendBigEndian(previousEpoch)
    bytes.appendBigEndian(state)
    bytes.appendGroupPartitions(assigned)
    bytes.appendGroupPartitions(pendingRevocation)
    bytes.appendNoTaggedFields()
    return bytes
  }
}
