package import MoldauFormat

/// A value in a line of a report.
package enum FieldValue: Hashable, Sendable {
  /// There is none.
  case none
  case integer(Int64)
  case boolean(Bool)
  case text(String)
  /// Milliseconds since 1970; a number in JSON, a date in a table.
  case timestamp(Int64)
  /// A record's key or value, nil where it is null: text where it is UTF-8, else hexadecimal.
  case bytes([UInt8]?)
  case headers([RecordHeader])
  case integers([Int64])

  package static func optional(_ value: Int64?) -> FieldValue {
    value.map { .integer($0) } ?? .none
  }

  package static func optional(_ value: String?) -> FieldValue { value.map { .text($0) } ?? .none }

  package static func count(_ value: Int) -> FieldValue { .integer(Int64(value)) }

  package static func offset(_ value: Offset?) -> FieldValue { .optional(value?.rawValue) }

  /// A timestamp, or none where the format says −1.
  package static func time(_ milliseconds: Int64) -> FieldValue {
    milliseconds < 0 ? .none : .timestamp(milliseconds)
  }
}

/// Bytes that may be text.
enum ReadableBytes: Hashable {
  case text(String)
  case hexadecimal(String)

  init(_ bytes: [UInt8]) {
    if let text = String(validating: bytes, as: UTF8.self) {
      self = .text(text)
    } else {
      self = .hexadecimal(Self.digits(of: bytes[...]))
    }
  }

  /// The name of the form, in JSON.
  var encoding: String {
    switch self {
    case .text: "utf8"
    case .hexadecimal: "hex"
    }
  }

  var string: String {
    switch self {
    case .text(let text): text
    case .hexadecimal(let digits): digits
    }
  }

  static func digits(of bytes: ArraySlice<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
