import MoldauFormat
import Testing

struct IndexEntryTests {
  @Test("offset index entries are read and written byte for byte")
  func offsetIndex() throws {
    let expected = [
      OffsetIndexEntry(relativeOffset: 79, position: 4327),
      OffsetIndexEntry(relativeOffset: 119, position: 9274),
    ]
    #expect(
      try entries(Golden.offsetIndex, of: OffsetIndexEntry.byteCount, offsetEntry) == expected)
    #expect(expected.flatMap { $0.encode() } == Golden.offsetIndex)
  }

  @Test("time index entries are read and written byte for byte")
  func timeIndex() throws {
    let expected = [
      TimeIndexEntry(timestampMilliseconds: 0x18B_CFE6_9C98, relativeOffset: 79),
      TimeIndexEntry(timestampMilliseconds: 0x18B_CFE7_38D8, relativeOffset: 119),
    ]
    #expect(try entries(Golden.timeIndex, of: TimeIndexEntry.byteCount, timeEntry) == expected)
    #expect(expected.flatMap { $0.encode() } == Golden.timeIndex)
  }

  @Test("aborted transactions are read and written byte for byte")
  func transactionIndex() throws {
    let expected = [(22, 32, 33), (55, 65, 66)].map { first, last, stable in
      AbortedTransaction(
        producerID: 1, firstOffset: Offset(rawValue: first), lastOffset: Offset(rawValue: last),
        lastStableOffset: Offset(rawValue: stable))
    }
    let read = try entries(Golden.transactionIndex, of: AbortedTransaction.byteCount, aborted)
    #expect(read == expected)
    #expect(expected.flatMap { $0.encode() } == Golden.transactionIndex)
  }

  @Test("fewer bytes than an entry are truncated")
  func truncated() {
    #expect(
      failure(of: Array(Golden.offsetIndex[..<7]), offsetEntry)
        == .truncated(needed: 8, available: 7))
    #expect(
      failure(of: Array(Golden.timeIndex[..<11]), timeEntry)
        == .truncated(needed: 12, available: 11))
    #expect(
      failure(of: Array(Golden.transactionIndex[..<33]), aborted)
        == .truncated(needed: 34, available: 33))
  }

  @Test("entries that point before the start are refused")
  func negative() {
    #expect(
      failure(of: hex("ffffffff00000000"), offsetEntry)
        == .invalid(field: "relativeOffset", reason: "-1 is negative"))
    #expect(
      failure(of: hex("00000000ffffffff"), offsetEntry)
        == .invalid(field: "position", reason: "-1 is negative"))
    #expect(
      failure(of: hex("0000000000000000fffffffe"), timeEntry)
        == .invalid(field: "relativeOffset", reason: "-2 is negative"))
  }

  @Test("an aborted transaction of another version or without a range is refused")
  func abortedRules() {
    var bytes = Array(Golden.transactionIndex[..<34])
    bytes[1] = 1
    #expect(
      failure(of: bytes, aborted)
        == .unsupportedVersion(field: "aborted transaction", version: 1))
    bytes = Array(Golden.transactionIndex[..<34])
    bytes[17] = 0x21
    #expect(
      failure(of: bytes, aborted)
        == .invalid(field: "firstOffset", reason: "33 to 32 is no range"))
  }

  private func entries<Entry>(
    _ bytes: [UInt8], of byteCount: Int, _ read: (RawSpan) throws(FormatError) -> Entry
  ) throws(FormatError) -> [Entry] {
    var entries: [Entry] = []
    for start in stride(from: 0, to: bytes.count, by: byteCount) {
      entries.append(try parse(Array(bytes[start...]), read))
    }
    return entries
  }

  private func offsetEntry(_ bytes: RawSpan) throws(FormatError) -> OffsetIndexEntry {
    try OffsetIndexEntry(parsing: bytes)
  }

  private func timeEntry(_ bytes: RawSpan) throws(FormatError) -> TimeIndexEntry {
    try TimeIndexEntry(parsing: bytes)
  }

  private func aborted(_ bytes: RawSpan) throws(FormatError) -> AbortedTransaction {
    try AbortedTransaction(parsing: bytes)
  }
}
