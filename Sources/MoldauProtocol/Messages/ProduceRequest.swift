package import MoldauFormat

/// Appends record batches to partitions.
package struct ProduceRequest: ProtocolRequest {
  package typealias Response = ProduceResponse
  package static let apiKey = ApiKey.produce

  package var transactionalID: String?
  /// 0: no answer is sent at all; 1: the leader has it; -1: all in-sync replicas have it.
  package var acks: Int16 = 0
  package var timeoutMilliseconds: Int32 = 0
  package var topics: [Topic] = []

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&transactionalID, since: 3)
    try coder.field(&acks)
    try coder.field(&timeoutMilliseconds)
    try coder.field(&topics)
    try coder.tags()
  }

  package struct Topic: WireValue, Equatable {
    /// Empty from version 13 on, where `id` names the topic.
    package var name = ""
    package var id = TopicID.zero
    package var partitions: [Partition] = []

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&name, through: 12)
      try coder.field(&id, since: 13)
      try coder.field(&partitions)
      try coder.tags()
    }
  }

  package struct Partition: WireValue, Equatable {
    package var index: Int32 = 0
    package var records = Records.null

    package init() {}

    package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
      try coder.field(&index)
      try coder.field(&records)
      try coder.tags()
    }
  }
}
