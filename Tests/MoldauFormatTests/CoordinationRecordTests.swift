import MoldauFormat
import Testing

struct CoordinationRecordTests {
  static let node = CoordinationRecord.Node(
    creationID: 3, modificationID: 0x1_0000_0005, version: 2, data: [0xAB, 0xCD])

  @Test(
    "records are read and written byte for byte",
    arguments: [
      (
        CoordinationRecord.node(path: "/a", node), "0000 2f61",
        "0000 0000000000000003 0000000100000005 00000002 00000002 abcd"
      ),
      (.node(path: "/", nil), "0000 2f", nil),
      (.createdChildren(path: "/b", 7), "0001 2f62", "0000 00000007"),
      (.createdChildren(path: "/b", nil), "0001 2f62", nil),
      (.lastChange(9), "0002", "0000 0000000000000009"),
    ] as [(CoordinationRecord, String, String?)])
  func bytes(record: CoordinationRecord, key: String, value: String?) throws {
    #expect(record.key == hex(key))
    #expect(record.value == value.map { hex($0) })
    #expect(try parse(hex(key), value.map { hex($0) }) == record)
  }

  @Test(
    "what contradicts the format is refused",
    arguments: [
      ("00", "0000"), ("0003 2f", "0000"), ("0000 ff", nil), ("0002", nil),
      ("0001 2f", "0001 00000007"), ("0001 2f", "0000 0000"), ("0001 2f", "0000 00000007 00"),
      ("0000 2f", "0000 0000000000000003 0000000100000005 00000002 7fffffff ab"),
    ] as [(String, String?)])
  func refusals(key: String, value: String?) {
    #expect(throws: FormatError.self) { try parse(hex(key), value.map { hex($0) }) }
  }

  private func parse(_ key: [UInt8], _ value: [UInt8]?) throws -> CoordinationRecord {
    guard let value else {
      return try unsafe CoordinationRecord(key: key.span.bytes, value: nil)
    }
    return try unsafe CoordinationRecord(key: key.span.bytes, value: value.span.bytes)
  }
}
