import MoldauFormat
import MoldauReport

/// What is printed of a record: text with fields in braces.
package struct RecordTemplate: Equatable, Sendable {
  private enum Part: Equatable {
    case text([UInt8])
    case field(Field)
    /// The value of the first header of this name; nothing where there is none, or it is null.
    case header(String)
  }

  private enum Field: String, CaseIterable {
    case topic, partition, offset, key, value, headers
    /// The date in UTC.
    case time
    /// Milliseconds since 1970.
    case timestamp
    /// In bytes; −1 for null.
    case keySize = "key-size"
    case valueSize = "value-size"
  }

  private var parts: [Part] = []
  private var null: [UInt8]

  /// Reads `{offset} {key}: {value}\n` and its like.
  ///
  /// `{{` and `}}` are braces; `EscapedText` may be used.
  ///
  /// - Parameter null: stands for a key or value that is null.
  package init(_ text: String, null: [UInt8] = []) throws(ArgumentFailure) {
    self.null = null
    var literal: [UInt8] = []
    var rest = try EscapedText.bytes(of: text)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "{"), rest.first != byte {
        guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
          throw ArgumentFailure("\"\(text)\": a brace is not closed; {{ stands for a brace")
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        literal = []
        parts.append(try Self.part(String(decoding: rest[..<end], as: UTF8.self)))
        rest = rest[(end + 1)...]
      } else {
        if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}"), rest.first == byte {
          rest.removeFirst()
        }
        literal.append(byte)
      }
    }
    if !literal.isEmpty { parts.append(.text(literal)) }
  }

  /// A record's value alone.
  package static func value(null: [UInt8]) -> RecordTemplate {
    RecordTemplate(parts: [.field(.value)], null: null)
  }

  /// A record's key and value, with something between.
  package static func keyAndValue(separator: [UInt8], null: [UInt8]) -> RecordTemplate {
    RecordTemplate(parts: [.field(.key), .text(separator), .field(.value)], null: null)
  }

  private init(parts: [Part], null: [UInt8]) {
    self.parts = parts
    self.null = null
  }

  private static func part(_ name: String) throws(ArgumentFailure) -> Part {
    if let field = Field(rawValue: name) { return .field(field) }
    if name.hasPrefix("header:") { return .header(String(name.dropFirst(7))) }
    let names = Field.allCases.map { "{\($0.rawValue)}" }.joined(separator: ", ")
    throw ArgumentFailure("\"{\(name)}\" is no field: there are \(names) and {header:NAME}")
  }

  // MARK: Records

  /// Appends a record's text.
  func append(_ record: borrowing RecordView, of partition: TopicPartition, to text: inout [UInt8])
  {
    for part in parts {
      switch part {
      case .text(let bytes): text += bytes
      case .field(let field): append(field, record, partition, to: &text)
      case .header(let name): appendHeader(name, record, to: &text)
      }
    }
  }

  private func append(
    _ field: Field, _ record: borrowing RecordView, _ partition: TopicPartition,
    to text: inout [UInt8]
  ) {
    switch field {
    case .topic: text += partition.topic.utf8
    case .partition: text += String(partition.partition).utf8
    case .offset: text += String(record.offset.rawValue).utf8
    case .time: text += Timestamp.text(ofMilliseconds: record.timestampMilliseconds).utf8
    case .timestamp: text += String(record.timestampMilliseconds).utf8
    case .key: append(record.key, to: &text)
    case .value: append(record.value, to: &text)
    case .keySize: text += String(record.key?.byteCount ?? -1).utf8
    case .valueSize: text += String(record.value?.byteCount ?? -1).utf8
    case .headers: appendHeaders(record, to: &text)
    }
  }

  private func append(_ bytes: RawSpan?, to text: inout [UInt8]) {
    guard let bytes else { return text += null }
    // SAFETY: the bytes are copied while they are borrowed.
    unsafe bytes.withUnsafeBytes { unsafe text.append(contentsOf: $0) }
  }

  private func appendHeaders(_ record: borrowing RecordView, to text: inout [UInt8]) {
    for (index, header) in record.headers.enumerated() {
      if index > 0 { text.append(UInt8(ascii: ",")) }
      text += header.name.utf8
      text.append(UInt8(ascii: "="))
      text += header.value ?? null
    }
  }

  private func appendHeader(
    _ name: String, _ record: borrowing RecordView, to text: inout [UInt8]
  ) {
    text += record.headers.first { $0.name == name }?.value ?? []
  }
}
