/// Goes through the fields of a message in wire order, and reads or writes each.
///
/// A message names its fields once, in `code(with:)`; this decides the direction, so that reading
/// and writing cannot disagree. What a field looks like on the wire follows from its Swift type.
package struct FieldCoder: ~Copyable, ~Escapable {
  package let version: Int16
  /// Whether this version has compact lengths and tagged fields.
  package let isFlexible: Bool
  package let isDecoding: Bool
  var reader: ProtocolReader
  var writer: ProtocolWriter

  @_lifetime(copy reader)
  init(reading reader: ProtocolReader, version: Int16, isFlexible: Bool) {
    self.version = version
    self.isFlexible = isFlexible
    isDecoding = true
    self.reader = reader
    writer = ProtocolWriter()
  }

  @_lifetime(immortal)
  init(writing writer: consuming ProtocolWriter, version: Int16, isFlexible: Bool) {
    self.version = version
    self.isFlexible = isFlexible
    isDecoding = false
    reader = ProtocolReader(RawSpan())
    self.writer = writer
  }

  /// Reads or writes a field that exists in the versions `since` to `through`.
  ///
  /// In other versions a decoded field keeps its value, and an encoded one is left out.
  @inline(__always)
  package mutating func field<Value: WireValue>(
    _ value: inout Value, since: Int16 = 0, through: Int16 = .max
  ) throws(ProtocolError) {
    guard since <= version, version <= through else { return }
    try value.code(with: &self)
  }

  /// Reads or writes a field that may be null from version `nullableSince` on.
  ///
  /// Before that, null read is an error, and null written becomes the empty value.
  package mutating func field<Value: NullableWireValue>(
    _ value: inout Value?, since: Int16 = 0, through: Int16 = .max, nullableSince: Int16
  ) throws(ProtocolError) {
    guard since <= version, version <= through else { return }
    if version >= nullableSince { return try value.code(with: &self) }
    var present = value ?? Value()
    try present.code(with: &self)
    if isDecoding { value = present }
  }
}
