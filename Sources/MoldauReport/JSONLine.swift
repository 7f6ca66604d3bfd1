import MoldauFormat

/// The JSON form of a report: an object a line, its `type` first.
package enum JSONLine {
  package static func text(of row: ReportRow) -> String {
    var text = "{\"type\":\"\(row.kind.name)\""
    for field in row.fields {
      text += ",\(quoted(field.name)):"
      switch field.value {
      case .none: text += "null"
      case .integer(let number), .timestamp(let number): text += String(number)
      case .boolean(let value): text += value ? "true" : "false"
      case .text(let value): text += quoted(value)
      case .bytes(nil): text += "null,\(quoted(field.name + "Encoding")):null"
      case .bytes(let bytes?):
        let readable = ReadableBytes(bytes)
        text += "\(quoted(readable.string)),\(quoted(field.name + "Encoding")):"
        text += quoted(readable.encoding)
      case .headers(let headers): text += array(of: headers)
      case .integers(let numbers):
        text += "[\(numbers.map { String($0) }.joined(separator: ","))]"
      }
    }
    return text + "}"
  }

  private static func array(of headers: [RecordHeader]) -> String {
    let objects = headers.map { header in
      guard let value = header.value else {
        return "{\"name\":\(quoted(header.name)),\"value\":null}"
      }
      let readable = ReadableBytes(value)
      return "{\"name\":\(quoted(header.name)),\"value\":\(quoted(readable.string))"
        + ",\"valueEncoding\":\(quoted(readable.encoding))}"
    }
    return "[\(objects.joined(separator: ","))]"
  }

  /// A JSON string (RFC 8259 §7).
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
