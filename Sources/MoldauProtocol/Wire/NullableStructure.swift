/// A structure that a message may lack: a byte in front of it says whether it is there.
///
/// Only fields of type `Optional` have that byte.
package protocol NullableStructure: NullableWireValue {}

extension NullableStructure {
  package static func readNullable(with coder: inout FieldCoder) throws(ProtocolError) -> Self? {
    guard try coder.reader.integer(Int8.self) >= 0 else { return nil }
    var value = Self()
    try value.code(with: &coder)
    return value
  }

  package static func writeNull(with coder: inout FieldCoder) {
    coder.writer.integer(Int8(-1))
  }

  package mutating func writePresent(with coder: inout FieldCoder) throws(ProtocolError) {
    coder.writer.integer(Int8(1))
    try code(with: &coder)
  }
}
