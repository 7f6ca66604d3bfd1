/// Reads the fields of a message one after another and never past its end.
///
/// For small messages, a few fields each; records have a faster way, `RecordCursor`.
struct ByteReader: ~Escapable {
  private let bytes: RawSpan
  private(set) var position = 0

  @_lifetime(copy bytes)
  init(_ bytes: RawSpan) {
    self.bytes = bytes
  }

  /// The number of bytes not yet read.
  var remaining: Int { bytes.byteCount - position }

  /// Reads a big-endian integer.
  @_lifetime(self: copy self)
  mutating func integer<I: FixedWidthInteger & BitwiseCopyable>(
    _: I.Type
  ) throws(FormatError) -> I {
    let start = try advance(by: MemoryLayout<I>.size)
    return bytes.bigEndian(I.self, at: start)
  }

  /// Reads a string behind its 16-bit length.
  @_lifetime(self: copy self)
  mutating func string(_ field: String) throws(FormatError) -> String {
    guard let text = try nullableString(field) else {
      throw .lengthOutOfRange(field: field, length: -1)
    }
    return text
  }

  /// Reads a string behind its 16-bit length, which is −1 for null.
  @_lifetime(self: copy self)
  mutating func nullableString(_ field: String) throws(FormatError) -> String? {
    let length = Int(try integer(Int16.self))
    return length == -1 ? nil : try text(field, length: length)
  }

  /// Reads bytes behind their 32-bit length.
  @_lifetime(self: copy self)
  mutating func byteArray(_ field: String) throws(FormatError) -> [UInt8] {
    let length = Int(try integer(Int32.self))
    return try block(field, length: length)
  }

  /// Reads the length of a compact string, array or byte array; nil for null.
  @_lifetime(self: copy self)
  mutating func compactLength(_ field: String) throws(FormatError) -> Int? {
    let coded = try unsignedVarint()
    guard coded <= UInt32(Int32.max) else {
      throw .lengthOutOfRange(field: field, length: Int(coded))
    }
    return coded == 0 ? nil : Int(coded) - 1
  }

  /// Reads a compact string: its length plus one as a varint, then UTF-8; nil for null.
  ///
  /// As in Kafka it has at most 32,767 bytes, so it can be written in the other form too.
  @_lifetime(self: copy self)
  mutating func nullableCompactString(_ field: String) throws(FormatError) -> String? {
    guard let length = try compactLength(field) else { return nil }
    guard length <= Int(Int16.max) else {
      throw .lengthOutOfRange(field: field, length: length)
    }
    return try text(field, length: length)
  }

  /// Reads a compact string that may not be null.
  @_lifetime(self: copy self)
  mutating func compactString(_ field: String) throws(FormatError) -> String {
    guard let text = try nullableCompactString(field) else {
      throw .lengthOutOfRange(field: field, length: -1)
    }
    return text
  }

  /// Reads a compact byte array that may not be null.
  @_lifetime(self: copy self)
  mutating func compactByteArray(_ field: String) throws(FormatError) -> [UInt8] {
    guard let length = try compactLength(field) else {
      throw .lengthOutOfRange(field: field, length: -1)
    }
    return try block(field, length: length)
  }

  /// Moves past the tagged fields that end a flexible structure.
  @_lifetime(self: copy self)
  mutating func skipTaggedFields() throws(FormatError) {
    let count = try unsignedVarint()
    for _ in 0..<count {
      _ = try unsignedVarint()
      let length = Int(try unsignedVarint())
      _ = try advance(by: length)
    }
  }

  @_lifetime(self: copy self)
  private mutating func unsignedVarint() throws(FormatError) -> UInt32 {
    var value: UInt32 = 0
    for index in 0..<Varint.maxByteCount32 {
      let byte = try integer(UInt8.self)
      if index == Varint.maxByteCount32 - 1, byte > 0x0F { throw .malformedVarint }
      value |= UInt32(byte & 0x7F) << UInt32(7 * index)
      if byte < 0x80 { return value }
    }
    throw .malformedVarint
  }

  @_lifetime(self: copy self)
  private mutating func text(_ field: String, length: Int) throws(FormatError) -> String {
    guard length >= 0 else { throw .lengthOutOfRange(field: field, length: length) }
    let start = try advance(by: length)
    return try String.validating(bytes.extracting(start..<position), field: field)
  }

  @_lifetime(self: copy self)
  private mutating func block(_ field: String, length: Int) throws(FormatError) -> [UInt8] {
    guard length >= 0 else { throw .lengthOutOfRange(field: field, length: length) }
    let start = try advance(by: length)
    // SAFETY: the buffer is read within its count and not kept.
    return unsafe bytes.extracting(start..<position).withUnsafeBytes { unsafe [UInt8]($0) }
  }

  /// Moves past `count` bytes and returns where they start.
  @_lifetime(self: copy self)
  private mutating func advance(by count: Int) throws(FormatError) -> Int {
    guard count <= remaining else { throw .truncated(needed: count, available: remaining) }
    let start = position
    position += count
    return start
  }
}

extension [UInt8] {
  /// Appends `text` behind its 16-bit length.
  ///
  /// - Precondition: it has at most 32,767 bytes.
  mutating func appendString(_ text: String) {
    appendBigEndian(Int16(text.utf8.count))
    append(contentsOf: text.utf8)
  }

  /// Appends `text` behind its 16-bit length, −1 for nil.
  mutating func appendNullableString(_ text: String?) {
    if let text { appendString(text) } else { appendBigEndian(Int16(-1)) }
  }

  /// Appends `bytes` behind their 32-bit length.
  mutating func appendByteArray(_ bytes: [UInt8]) {
    appendBigEndian(Int32(bytes.count))
    append(contentsOf: bytes)
  }
}
