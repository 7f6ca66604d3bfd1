import Testing

@testable import MoldauCommands

struct ParsedJSONTests {
  private func parse(_ text: String) throws -> ParsedJSON {
    try ParsedJSON(parsing: Array(text.utf8))
  }

  @Test(
    "values",
    arguments: [
      ("null", .null), (" true ", .boolean(true)), ("false", .boolean(false)), ("0", .integer(0)),
      ("-12", .integer(-12)), ("9223372036854775807", .integer(.max)),
      ("9223372036854775808", .number), ("1.5", .number), ("1e3", .number), ("-0.1E-2", .number),
      (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\tb""#, .string("a\"\\/\u{8}\u{C}\n\r\tb")),
      (#""\u0041\u00e9\ud83d\ude00""#, .string("Aé😀")), (#""\ud83d""#, .string("\u{FFFD}")),
      (#""\ud83dx""#, .string("\u{FFFD}x")), ("\"Vltava ✓\"", .string("Vltava ✓")),
      ("[]", .array([])), ("[1, [2]]", .array([.integer(1), .array([.integer(2)])])),
      ("{}", .object([])),
    ] as [(String, ParsedJSON)])
  func values(text: String, expected: ParsedJSON) throws {
    #expect(try parse(text) == expected)
  }

  @Test("a member knows where its value stands")
  func ranges() throws {
    let text = #"{"a": {"b":1} , "c":[2]}"#
    guard case .object(let members) = try parse(text) else {
      Issue.record("no object")
      return
    }
    let found = members.map { String(decoding: Array(text.utf8)[$0.range], as: UTF8.self) }
    #expect(found == [#"{"b":1}"#, "[2]"])
  }

  @Test(
    "what is not JSON is refused",
    arguments: [
      "", "nul", "tru", "01", "-", "1.", "1e", "+1", ".5", "\"", "\"\u{1}\"", #""\q""#,
      #""\u12""#, "[", "[1", "[1,]", "[1 2]", "{", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{a:1}",
      "1 2", "'a'", "NaN", "{}x",
    ])
  func refusals(text: String) {
    #expect(throws: ParsedJSON.Failure.self) { try parse(text) }
  }

  @Test("bytes that are not UTF-8 and bottomless values are refused")
  func hostile() {
    #expect(throws: ParsedJSON.Failure.self) { try ParsedJSON(parsing: [0x22, 0xFF, 0x22]) }
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: ParsedJSON.Failure.self) { try parse(deep) }
  }
}
