/// Text in which `\n`, `\r`, `\t`, `\0`, `\\` and `\xHH` stand for bytes that are hard to type.
package enum EscapedText {
  /// Returns the bytes that a text stands for.
  package static func bytes(of text: String) throws(ArgumentFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "0"): bytes.append(0)
      case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
      case UInt8(ascii: "x"):
        let digits = String(decoding: rest.prefix(2), as: UTF8.self)
        guard digits.count == 2, let value = UInt8(digits, radix: 16) else {
          throw ArgumentFailure("\"\(text)\": two hexadecimal digits follow \\x")
        }
        rest = rest.dropFirst(2)
        bytes.append(value)
      default:
        throw ArgumentFailure(
          "\"\(text)\": behind a backslash come n, r, t, 0, x and two digits, or another one")
      }
    }
    return bytes
  }
}
