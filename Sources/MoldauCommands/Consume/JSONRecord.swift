import MoldauFormat

/// The JSON form of a record: docs/command-line.md. `InputRecord` reads it.
enum JSONRecord {
  /// Appends a record and the end of its line.
  static func append(
    _ record: borrowing RecordView, of partition: TopicPartition, to text: inout [UInt8]
  ) {
    text += #"{"type":"record","topic":"#.utf8
    appendQuoted(partition.topic, to: &text)
    text += #","partition":"#.utf8
    text += String(partition.partition).utf8
    text += #","offset":"#.utf8
    text += String(record.offset.rawValue).utf8
    text += #","timestampMilliseconds":"#.utf8
    text += String(record.timestampMilliseconds).utf8
    text.append(UInt8(ascii: ","))
    appendBytes(record.key, named: "key", to: &text)
    text.append(UInt8(ascii: ","))
    appendBytes(record.value, named: "value", to: &text)
    text += #","headers":["#.utf8
    for (index, header) in record.headers.enumerated() {
      text += (index == 0 ? #"{"name":"# : #",{"name":"#).utf8
      appendQuoted(header.name, to: &text)
      text.append(UInt8(ascii: ","))
      // SAFETY: bytes have no padding between them.
      unsafe appendBytes(header.value?.span.bytes, named: "value", to: &text)
      text.append(UInt8(ascii: "}"))
    }
    text += "]}\n".utf8
  }

  /// Appends `"NAME":…,"NAMEEncoding":…`: text where it is UTF-8, else base 64.
  private static func appendBytes(_ bytes: RawSpan?, named name: String, to text: inout [UInt8]) {
    text += "\"\(name)\":".utf8
    guard let bytes else {
      text += "null,\"\(name)Encoding\":null".utf8
      return
    }
    // SAFETY: the buffer is read within its count and not kept.
    unsafe bytes.withUnsafeBytes { buffer in
      if let string = unsafe String(validating: buffer, as: UTF8.self) {
        appendQuoted(string, to: &text)
        text += ",\"\(name)Encoding\":\"utf8\"".utf8
      } else {
        text.append(UInt8(ascii: "\""))
        unsafe Base64.encode(buffer, into: &text)
        text += "\",\"\(name)Encoding\":\"base64\"".utf8
      }
    }
  }

  /// Appends a JSON string (RFC 8259 §7).
  private static func appendQuoted(_ string: String, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        text.append(UInt8(ascii: "\\"))
        text.append(byte)
      case 0x0A: text += "\\n".utf8
      case 0x0D: text += "\\r".utf8
      case 0x09: text += "\\t".utf8
      case ..<0x20, 0x7F:
        let digits = String(byte, radix: 16)
        text += ("\\u00" + (digits.utf8.count == 1 ? "0" : "") + digits).utf8
      default: text.append(byte)
      }
    }
    text.append(UInt8(ascii: "\""))
  }
}
