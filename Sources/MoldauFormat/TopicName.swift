/// Which strings may name a topic, and so a folder.
package enum TopicName {
  /// The greatest number of characters.
  package static let maxByteCount = 249

  /// Checks Kafka's rule: 1 to 249 of `a–z A–Z 0–9 . _ -`, and neither `.` nor `..`.
  package static func validate(_ name: String) throws(FormatError) {
    let count = name.utf8.count
    guard count > 0 else { throw .invalid(field: "topic name", reason: "it is empty") }
    guard count <= maxByteCount else {
      throw .lengthOutOfRange(field: "topic name", length: count)
    }
    guard name != ".", name != ".." else {
      throw .invalid(field: "topic name", reason: "it is '.' or '..'")
    }
    guard name.utf8.allSatisfy(isLegal) else {
      throw .invalid(
        field: "topic name", reason: "a character is none of a-z, A-Z, 0-9, '.', '_' and '-'")
    }
  }

  private static func isLegal(_ character: UInt8) -> Bool {
    switch character {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "-"):
      true
    default:
      false
    }
  }
}
