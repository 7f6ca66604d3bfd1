/// Fields of bytes that this layer looks into no further, such as a group member's metadata.
///
/// They are copied out of the frame. `Records` is what stays in it.
extension FieldCoder {
  /// Reads or writes bytes that exist in the versions `since` to `through`.
  package mutating func field(
    _ value: inout [UInt8], since: Int16 = 0, through: Int16 = .max
  ) throws(ProtocolError) {
    guard since <= version, version <= through else { return }
    guard isDecoding else { return write(value) }
    let start = reader.position
    guard let bytes = try readBytes() else { throw ProtocolError(.unexpectedNull, at: start) }
    value = bytes
  }

  /// Reads or writes bytes that may be null.
  package mutating func field(
    _ value: inout [UInt8]?, since: Int16 = 0, through: Int16 = .max
  ) throws(ProtocolError) {
    guard since <= version, version <= through else { return }
    if isDecoding {
      value = try readBytes()
    } else {
      write(value)
    }
  }

  private mutating func readBytes() throws(ProtocolError) -> [UInt8]? {
    guard let count = try reader.bytesLength(isCompact: isFlexible) else { return nil }
    return try reader.bytes(byteCount: count)
  }

  private mutating func write(_ value: [UInt8]?) {
    writer.bytesLength(value?.count, isCompact: isFlexible)
    // SAFETY: the array is read within the call.
    unsafe value?.withUnsafeBytes { unsafe writer.append($0) }
  }
}
