import MoldauFormat
import Testing

@testable import MoldauCommands

struct InputTests {
  private func records(_ chunks: [String], delimiter: String = "\n") throws -> [String] {
    var splitter = InputSplitter(delimiter: Array(delimiter.utf8))
    var records: [[UInt8]] = []
    for chunk in chunks {
      try splitter.add(Array(chunk.utf8))
      while let record = splitter.next() { records.append(record) }
    }
    if let rest = splitter.rest() { records.append(rest) }
    return records.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(
    "input is cut at the delimiter, wherever its chunks end",
    arguments: [
      (["a\nb\n"], "\n", ["a", "b"]), (["a\nb"], "\n", ["a", "b"]),
      (["a", "\n", "b"], "\n", ["a", "b"]),
      (["\n\na\n"], "\n", ["", "", "a"]), ([], "\n", []),
      (["a--b-", "-c-"], "--", ["a", "b", "c-"]),
      (["a---b"], "--", ["a", "-b"]), (["aXYX", "Yb"], "XY", ["a", "", "b"]),
    ] as [([String], String, [String])])
  func splits(chunks: [String], delimiter: String, expected: [String]) throws {
    #expect(try records(chunks, delimiter: delimiter) == expected)
  }

  @Test("every way to cut an input in two gives the same records")
  func splitsAnywhere() throws {
    let text = "one::two::::three"
    for cut in 0...text.count {
      let chunks = [String(text.prefix(cut)), String(text.dropFirst(cut))]
      #expect(try records(chunks, delimiter: "::") == ["one", "two", "", "three"])
    }
  }

  private func line(_ text: String, separator: String? = nil, null: String? = nil) -> [String?] {
    let record = InputRecord(
      line: Array(text.utf8), keySeparator: separator.map { Array($0.utf8) },
      null: null.map { Array($0.utf8) })
    return [record.key, record.value].map { $0.map { String(decoding: $0, as: UTF8.self) } }
  }

  @Test("a line is a value, or a key and a value")
  func lines() {
    #expect(line("a:b") == [nil, "a:b"])
    #expect(line("a:b:c", separator: ":") == ["a", "b:c"])
    #expect(line(":b", separator: ":") == ["", "b"])
    #expect(line("plain", separator: ":") == [nil, "plain"])
    #expect(line("a:NULL", separator: ":", null: "NULL") == ["a", nil])
    #expect(line("", null: "") == [nil, nil])
  }

  private func json(_ text: String) throws(CommandFailure) -> InputRecord {
    try InputRecord(json: Array(text.utf8))
  }

  @Test("an object is a record with all its parts")
  func objects() throws {
    let record = try json(
      #"""
      {"type":"record","topic":"t","partition":2,"offset":7,"timestampMilliseconds":5,
      "key":"k","keyEncoding":"utf8","value":"/wA=","valueEncoding":"base64",
      "headers":[{"name":"a","value":"ff","valueEncoding":"hex"},{"name":"b","value":null}]}
      """#)
    #expect(
      record
        == InputRecord(
          key: Array("k".utf8), value: [0xFF, 0],
          headers: [RecordHeader(name: "a", value: [0xFF]), RecordHeader(name: "b", value: nil)],
          partition: 2, timestampMilliseconds: 5))
    #expect(try json("{}") == InputRecord())
    #expect(try json(#"{"value":null,"headers":null,"partition":null}"#) == InputRecord())
    #expect(try json(#"{"value":{"a": [1]}}"#).value == Array(#"{"a": [1]}"#.utf8))
    #expect(try json(#"{"value":12}"#).value == Array("12".utf8))
  }

  @Test(
    "what is no record is refused, and the reason says what is wrong",
    arguments: [
      ("[]", "no object"), ("{", "at byte 1"), (#"{"vlaue":"x"}"#, "vlaue"),
      (#"{"value":"?","valueEncoding":"base64"}"#, "base64"),
      (#"{"value":"x","valueEncoding":"rot13"}"#, "rot13"),
      (#"{"key":"0","keyEncoding":"hex"}"#, "hex"), (#"{"partition":"1"}"#, "partition"),
      (#"{"headers":[1]}"#, "header"), (#"{"headers":[{"name":"a","value":1}]}"#, "\"a\""),
    ])
  func refusals(text: String, fragment: String) {
    let failure = #expect(throws: CommandFailure.self) { try json(text) }
    #expect(failure?.description.contains(fragment) == true, "\(String(describing: failure))")
  }
}
