import MoldauClient
import MoldauFormat
import Testing

@testable import MoldauCommands

struct RecordFormatTests {
  private static let partition = TopicPartition(topic: "orders", partition: 3)

  private func text(
    _ format: RecordFormat, key: [UInt8]? = Array("k".utf8), value: [UInt8]? = Array("v".utf8),
    headers: [RecordHeader] = []
  ) throws -> String {
    var batch = BatchBuilder()
    let empty: [UInt8] = []
    batch.append(key: nil, value: empty.span, timestampMilliseconds: 0)
    batch.append(
      key: key?.span, value: value?.span, timestampMilliseconds: 1_700_000_000_000,
      headers: headers)
    try batch.finish()
    var text: [UInt8] = []
    var scanner = RecordScanner()
    _ = try scanner.forEachRecord(in: batch.bytes, from: Offset(rawValue: 1)) { record in
      format.append(record, of: Self.partition, to: &text)
      return true
    }
    return String(decoding: text, as: UTF8.self)
  }

  private func template(_ text: String, null: String = "") throws -> RecordFormat {
    .text(try RecordTemplate(text, null: Array(null.utf8)), delimiter: [0x0A])
  }

  @Test(
    "a template's fields are filled in",
    arguments: [
      ("{value}", "v\n"), ("{topic}-{partition}@{offset}", "orders-3@1\n"),
      ("{key}={value}", "k=v\n"), ("{time}", "2023-11-14T22:13:20.000Z\n"),
      ("{timestamp}", "1700000000000\n"), ("{key-size},{value-size}", "1,1\n"),
      ("{headers}", "a=1,b=\n"), ("{header:a}{header:none}", "1\n"), ("{{{key}}}", "{k}\n"),
      (#"{key}\t{value}\x21"#, "k\tv!\n"), ("", "\n"),
    ])
  func fields(text: String, expected: String) throws {
    let headers = [
      RecordHeader(name: "a", value: Array("1".utf8)), RecordHeader(name: "b", value: nil),
    ]
    #expect(try self.text(template(text), headers: headers) == expected)
  }

  @Test("null has a text of its own, and a size below nothing")
  func nulls() throws {
    let format = try template("{key}|{value}|{value-size}", null: "NULL")
    #expect(try text(format, key: nil, value: nil) == "NULL|NULL|-1\n")
    #expect(try text(format, key: [], value: []) == "||0\n")
  }

  @Test("what is no template is refused", arguments: ["{", "{valeu}", "{}", #"\q"#])
  func refusals(text: String) {
    #expect(throws: ArgumentFailure.self) { try RecordTemplate(text) }
  }

  @Test("JSON is text where it is UTF-8, else base 64, and reads back as the same record")
  func json() throws {
    let headers = [
      RecordHeader(name: "h\"", value: [0xFE]), RecordHeader(name: "none", value: nil),
    ]
    let value = Array("a\"b\\c\n\u{1}\u{7F}✓".utf8)
    let line = try text(.json, key: [0, 0xFF], value: value, headers: headers)
    #expect(
      line
        == #"{"type":"record","topic":"orders","partition":3,"offset":1,"#
        + #""timestampMilliseconds":1700000000000,"key":"AP8=","keyEncoding":"base64","#
        + #""value":"a\"b\\c\n\u0001\u007f✓","valueEncoding":"utf8","headers":["#
        + #"{"name":"h\"","value":"/g==","valueEncoding":"base64"},"#
        + #"{"name":"none","value":null,"valueEncoding":null}]}"# + "\n")
    let read = try InputRecord(json: Array(line.utf8.dropLast()))
    #expect(
      read
        == InputRecord(
          key: [0, 0xFF], value: value, headers: headers, partition: 3,
          timestampMilliseconds: 1_700_000_000_000))
  }
}
