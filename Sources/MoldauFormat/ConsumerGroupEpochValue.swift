/// The epoch of a consumer group, or of its target assignment: both values are the same.
///
/// Format: docs/format/consumer-groups.md.
package struct ConsumerGroupEpochValue: Hashable, Sendable {
  package static let version: Int16 = 0

  package var epoch: Int32

  package init(epoch: Int32) {
    self.epoch = epoch
  }

  package init(parsing bytes: RawSpan) throws(FormatError) {
    var reader = try ByteReader(bytes, valueVersion: Self.version, "group epoch value")
    epoch = try reader.integer(Int32.self)
    try reader.skipTaggedFields()
  }

  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendBigEndian(Self.version)
    bytes.appendBigEndian(epoch)
    bytes.appendNoTaggedFields()
    return bytes
  }
}
