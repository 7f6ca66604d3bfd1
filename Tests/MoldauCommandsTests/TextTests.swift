import Testing

@testable import MoldauCommands

struct TextTests {
  @Test(
    "durations are numbers with units",
    arguments: [
      ("500ms", 500), ("10s", 10_000), ("5m", 300_000), ("1h30m", 5_400_000), ("2d", 172_800_000),
      ("1w", 604_800_000), ("0s", 0), ("", nil), ("10", nil), ("s", nil), ("10 s", nil),
      ("-1s", nil), ("1y", nil), ("1.5h", nil), ("99999999999999999w", nil),
      ("9999999999999999999s", nil),
    ] as [(String, Int64?)])
  func durations(text: String, expected: Int64?) {
    #expect(DurationText.milliseconds(of: text) == expected)
  }

  private static let now: Int64 = 1_800_000_000_000

  @Test(
    "times are dates, ages, or milliseconds",
    arguments: [
      ("2026-01-31T12:00:00Z", 1_769_860_800_000), ("2026-01-31T12:00:00.5Z", 1_769_860_800_500),
      ("2026-01-31T12:00:00.123456+02:00", 1_769_853_600_123),
      ("2026-01-31t12:00:00-0130", 1_769_866_200_000), ("2026-01-31 12:00", 1_769_860_800_000),
      ("2026-01-31", 1_769_817_600_000), ("1970-01-01T00:00:00Z", 0),
      ("1969-12-31T23:59:59.999Z", -1), ("2000-02-29", 951_782_400_000),
      ("2024-02-29", 1_709_164_800_000), ("2016-12-31T23:59:60Z", 1_483_228_799_000),
      ("now", now), ("10m ago", now - 600_000), ("1h30m-ago", now - 5_400_000),
      ("@1767225600000", 1_767_225_600_000), ("2023-02-29", nil), ("1900-02-29", nil),
      ("2026-13-01", nil), ("2026-00-01", nil), ("2026-04-31", nil), ("2026-01-31T24:00", nil),
      ("2026-01-31T12:00:00.", nil), ("2026-01-31T12:00:00+2", nil), ("2026-01-31T12", nil),
      ("yesterday", nil), ("@", nil), ("ago", nil), ("10m", nil), ("", nil),
    ] as [(String, Int64?)])
  func times(text: String, expected: Int64?) {
    #expect(TimeText.milliseconds(of: text, now: Self.now) == expected)
  }

  @Test(
    "positions",
    arguments: [
      ("earliest", .earliest), ("beginning", .earliest), ("latest", .latest), ("end", .latest),
      ("latest-10", .beforeEnd(10)), ("0", .offset(0)), ("123", .offset(123)),
      ("10s ago", .time(now - 10_000)), ("1970-01-01", .time(0)),
    ] as [(String, Position)])
  func positions(text: String, expected: Position) throws {
    #expect(try Position(text, now: Self.now) == expected)
  }

  @Test(
    "what is no position is refused", arguments: ["", "-1", "latest-", "latest--1", "first", "1.5"])
  func noPositions(text: String) {
    #expect(throws: ArgumentFailure.self) { try Position(text, now: Self.now) }
  }

  @Test(
    "escapes stand for bytes",
    arguments: [
      ("plain", Array("plain".utf8)), (#"\t\n\r\0\\"#, [9, 10, 13, 0, 0x5C]),
      (#"\x1f\xFF"#, [0x1F, 0xFF]),
      ("✓", Array("✓".utf8)), ("", []),
    ] as [(String, [UInt8])])
  func escapes(text: String, expected: [UInt8]) throws {
    #expect(try EscapedText.bytes(of: text) == expected)
  }

  @Test("what is no escape is refused", arguments: [#"\"#, #"\q"#, #"\x1"#, #"\xzz"#])
  func noEscapes(text: String) {
    #expect(throws: ArgumentFailure.self) { try EscapedText.bytes(of: text) }
  }

  @Test(
    "base 64, both ways (RFC 4648 §10)",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func base64(text: String, encoded: String) {
    var found: [UInt8] = []
    unsafe Array(text.utf8).withUnsafeBytes { unsafe Base64.encode($0, into: &found) }
    #expect(String(decoding: found, as: UTF8.self) == encoded)
    #expect(Base64.decode(encoded.utf8) == Array(text.utf8))
  }

  @Test(
    "what is not base 64 has no bytes",
    arguments: ["Z", "Zg", "Zg=", "Zg===", "Z===", "Zh==", "Zm9=v", "Zm-_", "Zm9v\n"])
  func noBase64(text: String) {
    #expect(Base64.decode(text.utf8) == nil)
  }

  @Test("settings are a name, an equals sign and anything")
  func assignments() throws {
    #expect(try Assignment("retention.ms=1").name == "retention.ms")
    #expect(try Assignment("a=b=c").value == "b=c")
    #expect(try Assignment("a=").value == "")
    for text in ["", "a", "=b"] { #expect(throws: ArgumentFailure.self) { try Assignment(text) } }
  }
}
