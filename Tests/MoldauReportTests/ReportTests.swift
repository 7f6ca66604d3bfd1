import MoldauFormat
import MoldauReport
import Testing

struct ReportTests {
  private static let table = ReportRow.Kind("table")
  private static let other = ReportRow.Kind("other")

  private func table(_ rows: [ReportRow]) -> [String] {
    var lines: [String] = []
    var table = TableWriter { lines.append($0) }
    for row in rows { table.add(row) }
    table.finish()
    return lines
  }

  @Test(
    "a time is shown as a date in UTC",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"),
      (1, "1970-01-01T00:00:00.001Z"),
      (951_782_399_999, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (951_868_800_000, "2000-03-01T00:00:00.000Z"),
      (1_700_000_000_000, "2023-11-14T22:13:20.000Z"),
      (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.999Z"),
      (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func dates(milliseconds: Int64, text: String) {
    let lines = table([ReportRow(Self.table, [.init("time", .timestamp(milliseconds))])])
    #expect(lines == ["time", text])
  }

  @Test("every date that a long can hold has a text", arguments: [Int64.min, .max])
  func extremes(milliseconds: Int64) {
    #expect(
      table([ReportRow(Self.table, [.init("time", .timestamp(milliseconds))])]).count == 2)
  }

  @Test(
    "bytes are text where they are UTF-8, else hexadecimal, and JSON escapes what it must",
    arguments: [
      (Array("plain".utf8), #""key":"plain","keyEncoding":"utf8""#),
      (Array("a\"b\\c\n\u{1}".utf8), #""key":"a\"b\\c\n\u0001","keyEncoding":"utf8""#),
      (Array("Vltava ✓".utf8), #""key":"Vltava ✓","keyEncoding":"utf8""#),
      ([0xFF, 0x00, 0x10], #""key":"ff0010","keyEncoding":"hex""#),
      ([], #""key":"","keyEncoding":"utf8""#),
    ])
  func bytes(bytes: [UInt8], json: String) {
    let row = ReportRow(.record, [.init("key", .bytes(bytes))])
    #expect(JSONLine.text(of: row) == "{\"type\":\"record\",\(json)}")
  }

  @Test("what does not apply is null")
  func nulls() {
    let row = ReportRow(
      .record, [.init("key", .bytes(nil)), .init("offset", .none), .init("flag", .boolean(true))])
    #expect(
      JSONLine.text(of: row)
        == #"{"type":"record","key":null,"keyEncoding":null,"offset":null,"flag":true}"#)
  }

  @Test("numbers in a list are a JSON array, and one cell")
  func lists() {
    let row = ReportRow(
      Self.table, [.init("replicas", .integers([1, 2])), .init("offline", .integers([]))])
    #expect(JSONLine.text(of: row) == #"{"type":"table","replicas":[1,2],"offline":[]}"#)
    #expect(table([row]) == ["replicas  offline", "1,2       -"])
  }

  @Test("a long value is cut in a table and whole in JSON")
  func longValues() {
    let value = [UInt8](repeating: UInt8(ascii: "x"), count: 5_000)
    let row = ReportRow(
      .record,
      [
        .init("offset", .integer(1)), .init("timestampMilliseconds", .timestamp(0)),
        .init("key", .bytes(nil)), .init("value", .bytes(value)), .init("headers", .headers([])),
      ])
    let line = table([row])[0]
    #expect(line.contains("… (5000 bytes)"))
    #expect(line.count < 400)
    #expect(JSONLine.text(of: row).count > 5_000)
  }

  @Test(
    "columns are as wide as their widest cell, and rows of another kind have a table of their own")
  func columns() {
    let rows = [
      ReportRow(Self.table, [.init("topic", .text("a")), .init("endOffset", .integer(5))]),
      ReportRow(
        Self.table, [.init("topic", .text("longer")), .init("endOffset", .integer(12345))]),
      ReportRow(Self.other, [.init("epoch", .integer(1)), .init("note", .none)]),
    ]
    #expect(
      table(rows) == [
        "topic   end offset",
        "a                5",
        "longer       12345",
        "",
        "epoch  note",
        "    1  -",
      ])
  }
}
