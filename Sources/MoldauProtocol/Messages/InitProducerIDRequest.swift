/// Asks for a producer ID, or for the next epoch of one (KIP-98, KIP-360).
package struct InitProducerIDRequest: ProtocolRequest {
  package typealias Response = InitProducerIDResponse
  package static let apiKey = ApiKey.initProducerID

  /// nil from a producer that is idempotent only.
  package var transactionalID: String?
  package var transactionTimeoutMilliseconds: Int32 = 0
  /// The producer whose epoch is to rise; -1 for a new one.
  package var producerID: Int64 = -1
  package var producerEpoch: Int16 = -1

  package init() {}

  package mutating func code(with coder: inout FieldCoder) throws(ProtocolError) {
    try coder.field(&transactionalID)
    try coder.field(&transactionTimeoutMilliseconds)
    try coder.field(&producerID, since: 3)
    try coder.field(&producerEpoch, since: 3)
    try coder.tags()
  }
}
