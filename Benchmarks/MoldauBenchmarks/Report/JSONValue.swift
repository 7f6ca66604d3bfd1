/// A JSON document; objects keep the order of their members.
package indirect enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  /// Written with at most six decimals; what is not finite is written as null.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  package struct Member: Equatable, Sendable {
    package var name: String
    package var value: JSONValue

    package init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// Returns a number, or null for a figure that does not apply.
  package static func optional(_ value: Double?) -> JSONValue {
    value.map { .number($0) } ?? .null
  }

  /// Returns an integer, or null for a figure that does not apply.
  package static func optional(_ value: Int?) -> JSONValue {
    value.map { .integer($0) } ?? .null
  }

  /// Returns a string, or null where there is none.
  package static func optional(_ value: String?) -> JSONValue {
    value.map { .string($0) } ?? .null
  }

  /// The document's text, indented by two spaces a level.
  package var text: String {
    var text = ""
    write(to: &text, indentation: "")
    return text
  }

  private func write(to text: inout String, indentation: String) {
    switch self {
    case .null:
      text += "null"
    case .bool(let value):
      text += value ? "true" : "false"
    case .integer(let value):
      text += String(value)
    case .number(let value):
      text += Self.text(of: value)
    case .string(let value):
      text += Self.quoted(value)
    case .array(let elements):
      Self.write(elements.map { ("", $0) }, between: "[", "]", to: &text, indentation)
    case .object(let members):
      let lines = members.map { (Self.quoted($0.name) + ": ", $0.value) }
      Self.write(lines, between: "{", "}", to: &text, indentation)
    }
  }

  private static func write(
    _ lines: [(prefix: String, value: JSONValue)], between open: String, _ close: String,
    to text: inout String, _ indentation: String
  ) {
    guard !lines.isEmpty else {
      text += open + close
      return
    }
    let inner = indentation + "  "
    text += open
    for (index, line) in lines.enumerated() {
      text += index == 0 ? "\n" : ",\n"
      text += inner + line.prefix
      line.value.write(to: &text, indentation: inner)
    }
    text += "\n" + indentation + close
  }

  private static func text(of value: Double) -> String {
    guard value.isFinite else { return "null" }
    guard value.magnitude < 1e15 else { return String(value) }
    let rounded = (value * 1e6).rounded() / 1e6
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }

  private static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
