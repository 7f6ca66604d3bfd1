import MoldauFormat
import Testing

struct CheckpointTests {
  @Test("an offset checkpoint is read and written as Kafka writes it")
  func offsetCheckpoint() throws {
    let text = "0\n2\n__transaction_state 42 0\norders-1 7 9223372036854775807\n"
    let checkpoint = OffsetCheckpoint(entries: [
      .init(TopicPartition(topic: "__transaction_state", partition: 42), .zero),
      .init(TopicPartition(topic: "orders-1", partition: 7), Offset(rawValue: .max)),
    ])
    #expect(try parse(Array(text.utf8), offsets) == checkpoint)
    #expect(String(decoding: checkpoint.encode(), as: UTF8.self) == text)
    #expect(String(decoding: OffsetCheckpoint().encode(), as: UTF8.self) == "0\n0\n")
  }

  @Test("a leader epoch checkpoint is read and written as Kafka writes it")
  func leaderEpochCheckpoint() throws {
    let text = "0\n2\n0 0\n3 120\n"
    let checkpoint = LeaderEpochCheckpoint(entries: [
      .init(epoch: 0, startOffset: .zero), .init(epoch: 3, startOffset: Offset(rawValue: 120)),
    ])
    #expect(try parse(Array(text.utf8), epochs) == checkpoint)
    #expect(String(decoding: checkpoint.encode(), as: UTF8.self) == text)
  }

  @Test("the last line may lack its end")
  func lastLine() throws {
    #expect(try parse(Array("0\n1\na 0 5".utf8), offsets).entries.count == 1)
  }

  @Test(
    "a checkpoint that breaks a rule is refused",
    arguments: [
      (
        "",
        FormatError.invalid(
          field: "offset checkpoint", reason: "the first line is not a version")
      ),
      ("x\n0\n", .invalid(field: "offset checkpoint", reason: "the first line is not a version")),
      ("1\n0\n", .unsupportedVersion(field: "offset checkpoint", version: 1)),
      (
        "0\n",
        .invalid(
          field: "offset checkpoint", reason: "the second line is not a number of entries")
      ),
      (
        "0\n2\na 0 5\n",
        .invalid(
          field: "offset checkpoint", reason: "it says 2 entries and has 1 lines of them")
      ),
      (
        "0\n0\na 0 5\n",
        .invalid(
          field: "offset checkpoint", reason: "it says 0 entries and has 1 lines of them")
      ),
      (
        "0\n9223372036854775807\n",
        .invalid(
          field: "offset checkpoint",
          reason: "it says 9223372036854775807 entries and has 0 lines of them")
      ),
      (
        "0\n1\na 0\n",
        .invalid(
          field: "offset checkpoint", reason: "line 3 has 2 fields instead of 3")
      ),
      (
        "0\n1\na 0  5\n",
        .invalid(
          field: "offset checkpoint", reason: "line 3 has 4 fields instead of 3")
      ),
      (
        "0\n1\n../a 0 5\n",
        .invalid(
          field: "topic name", reason: "a character is none of a-z, A-Z, 0-9, '.', '_' and '-'")
      ),
      (
        "0\n1\na 2147483648 5\n",
        .invalid(
          field: "partition", reason: "'2147483648' is not a number of that field")
      ),
      (
        "0\n1\na -1 5\n",
        .invalid(
          field: "partition", reason: "'-1' is not a number of that field")
      ),
      (
        "0\n1\na 0 05\n",
        .invalid(
          field: "offset", reason: "'05' is not a number of that field")
      ),
      (
        "0\n1\na 0 9223372036854775808\n",
        .invalid(
          field: "offset", reason: "'9223372036854775808' is not a number of that field")
      ),
    ])
  func refused(text: String, error: FormatError) {
    #expect(failure(of: Array(text.utf8), offsets) == error)
  }

  @Test("bytes that are no text are refused")
  func notText() {
    #expect(
      failure(of: [0x30, 0x0A, 0xFF], offsets)
        == .invalid(field: "offset checkpoint", reason: "it is not UTF-8"))
    #expect(
      failure(of: Array("0\n1\n-1 0\n".utf8), epochs)
        == .invalid(field: "epoch", reason: "'-1' is not a number of that field"))
  }

  private func offsets(_ bytes: RawSpan) throws(FormatError) -> OffsetCheckpoint {
    try OffsetCheckpoint(parsing: bytes)
  }

  private func epochs(_ bytes: RawSpan) throws(FormatError) -> LeaderEpochCheckpoint {
    try LeaderEpochCheckpoint(parsing: bytes)
  }
}
