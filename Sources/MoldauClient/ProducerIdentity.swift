/// How a broker knows an idempotent producer (KIP-98).
package struct ProducerIdentity: Hashable, Sendable {
  package let id: Int64
  package let epoch: Int16

  package init(id: Int64, epoch: Int16) {
    self.id = id
    self.epoch = epoch
  }
}
