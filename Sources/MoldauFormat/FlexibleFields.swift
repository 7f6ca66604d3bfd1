/// Fields of the flexible versions of group records: compact lengths, tagged fields.
extension ByteReader {
  /// Starts on a value whose version, in front, must be `valueVersion`.
  @_lifetime(copy bytes)
  init(
    _ bytes: RawSpan, valueVersion: Int16, _ field: String
  ) throws(FormatError) {
    self.init(bytes)
    let version = try integer(Int16.self)
    guard version == valueVersion else {
      throw .unsupportedVersion(field: field, version: Int(version))
    }
  }

  /// Reads the count of an array that may not be null.
  @_lifetime(self: copy self)
  mutating func compactCount(_ field: String) throws(FormatError) -> Int {
    guard let count = try compactLength(field) else {
      throw .lengthOutOfRange(field: field, length: -1)
    }
    return count
  }

  @_lifetime(self: copy self)
  mutating func topicID() throws(FormatError) -> TopicID {
    let high = try integer(UInt64.self)
    return TopicID(high: high, low: try integer(UInt64.self))
  }
}

extension [UInt8] {
  /// Appends the length of a compact string, array or byte array.
  mutating func appendCompactLength(_ length: Int) {
    appendUnsignedVarint(UInt32(length) + 1)
  }

  /// Appends `text` behind its compact length.
  ///
  /// - Precondition: it has at most 32,767 bytes, which is as much as can be read.
  mutating func appendCompactString(_ text: String) {
    precondition(text.utf8.count <= Int(Int16.max), "the caller bounds its strings")
    appendCompactLength(text.utf8.count)
    append(contentsOf: text.utf8)
  }

  /// As `appendCompactString`; a length of 0 stands for nil.
  mutating func appendNullableCompactString(_ text: String?) {
    if let text { appendCompactString(text) } else { append(0) }
  }

  mutating func appendTopicID(_ id: TopicID) {
    appendBigEndian(id.high)
    appendBigEndian(id.low)
  }

  /// Ends a flexible structure without tagged fields.
  mutating func appendNoTaggedFields() { append(0) }

  private mutating func appendUnsignedVarint(_ value: UInt32) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }
}
