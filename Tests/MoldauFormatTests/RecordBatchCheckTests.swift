import MoldauFormat
import Testing

struct RecordBatchCheckTests {
  @Test("records that clients wrote pass")
  func accepted() throws {
    let summary = try check(Array(Golden.transactionalBatch[61...]), count: 10)
    #expect(!summary.hasNullKey)
    #expect(summary.maxTimestampMilliseconds == 1000)
    #expect(try check(Golden.oddRecordBytes, count: 4).hasNullKey)
    #expect(try check([], count: 0).maxTimestampMilliseconds == 1000)
  }

  @Test("the greatest timestamp is found wherever it stands")
  func maxTimestamp() throws {
    for position in 0..<4 {
      let records = (0..<4).map { index in
        OwnedRecord(
          offset: Int64(index), timestampMilliseconds: index == position ? 5000 : Int64(index),
          key: nil, value: [])
      }
      let batch = encode(records)
      let summary = try check(
        Array(batch[61...]), count: 4, baseTimestamp: records[0].timestampMilliseconds)
      #expect(summary.maxTimestampMilliseconds == 5000)
    }
  }

  @Test(
    "records that break a rule are refused, by both walks",
    arguments: [
      // No record where one should be, and half a record.
      ("", 1, FormatError.truncated(needed: 1, available: 0)),
      ("0c 00 00 00", 1, .truncated(needed: 6, available: 3)),
      ("ff", 1, .truncated(needed: 2, available: 1)),
      // A length of −1, and one that 32 bits cannot hold.
      ("01 00", 1, .lengthOutOfRange(field: "record length", length: -1)),
      ("ffffffff1f 00", 1, .malformedVarint),
      ("ffffffffff01 00", 1, .malformedVarint),
      // A timestamp of eleven bytes.
      ("1e 00 ffffffffffffffffffff01 00 01 01 00", 1, .malformedVarint),
      // A key longer than the batch, one of length −2, and a value longer than the record.
      ("0c 00 00 00 7e 01 00", 1, .truncated(needed: 63, available: 2)),
      ("0c 00 00 00 03 01 00", 1, .lengthOutOfRange(field: "key length", length: -2)),
      ("0c 00 00 00 01 03 00", 1, .lengthOutOfRange(field: "value length", length: -2)),
      (
        "0c 00 00 00 01 02 00 00 0c 00 00 02 01 01 00", 2,
        .invalid(field: "record length", reason: "the record's fields end elsewhere")
      ),
      // A record that is longer than its fields.
      (
        "0e 00 00 00 01 01 00 00", 1,
        .invalid(field: "record length", reason: "the record's fields end elsewhere")
      ),
      // Headers: a negative number of them, more than there are, a name without length.
      ("0c 00 00 00 01 01 01", 1, .lengthOutOfRange(field: "headerCount", length: -1)),
      ("0c 00 00 00 01 01 02", 1, .truncated(needed: 1, available: 0)),
      (
        "14 00 00 00 01 01 02 01 00 00 00", 1,
        .lengthOutOfRange(
          field: "header name length", length: -1)
      ),
      (
        "12 00 00 00 01 01 02 00 03 00", 1,
        .lengthOutOfRange(
          field: "header value length", length: -2)
      ),
      // Bytes after the last record.
      (
        "0c 00 00 00 01 01 00 00", 1,
        .invalid(field: "recordCount", reason: "1 bytes follow the last record")
      ),
    ])
  func refused(bytes: String, count: Int32, error: FormatError) {
    let checked = failure(of: hex(bytes)) { (records) throws(FormatError) in
      _ = try RecordBatch.checkRecords(records, header(count: count))
    }
    #expect(checked == error)
    let read = failure(of: hex(bytes)) { (records) throws(FormatError) in
      _ = try RecordBatch.forEachRecord(in: records, header(count: count)) { _ in true }
    }
    #expect(read == error)
  }

  @Test(
    "a client's offset deltas are 0, 1, 2 and so on",
    arguments: [
      ("0c 00 00 02 01 01 00", 1, "1 instead of 0"),
      ("0c 00 00 01 01 01 00", 1, "-1 instead of 0"),
      ("0c 00 00 00 01 01 00 0c 00 00 00 01 01 00", 2, "0 instead of 1"),
      ("0c 00 00 00 01 01 00 0c 00 00 04 01 01 00", 2, "2 instead of 1"),
    ])
  func offsetDeltas(bytes: String, count: Int32, reason: String) {
    let error = failure(of: hex(bytes)) { (records) throws(FormatError) in
      _ = try RecordBatch.checkRecords(records, header(count: count))
    }
    #expect(error == .invalid(field: "offsetDelta", reason: reason))
  }

  @Test("a reader takes deltas with gaps, and none outside the batch")
  func gaps() throws {
    let bytes = hex("0c 00 00 02 01 01 00 0c 00 00 08 01 01 00")
    var offsets: [Int64] = []
    try parse(bytes) { (records) throws(FormatError) in
      _ = try RecordBatch.forEachRecord(in: records, header(count: 2, lastOffsetDelta: 4)) {
        offsets.append($0.offset.rawValue)
        return true
      }
    }
    #expect(offsets == [501, 504])
    let outside = failure(of: bytes) { (records) throws(FormatError) in
      _ = try RecordBatch.forEachRecord(in: records, header(count: 2, lastOffsetDelta: 3)) { _ in
        true
      }
    }
    #expect(outside == .invalid(field: "offsetDelta", reason: "4 is outside 0...3"))
  }

  private func check(
    _ bytes: [UInt8], count: Int32, baseTimestamp: Int64 = 1000
  ) throws(FormatError) -> RecordBatch.RecordSummary {
    try parse(bytes) { (records) throws(FormatError) in
      try RecordBatch.checkRecords(records, header(count: count, baseTimestamp: baseTimestamp))
    }
  }

  private func header(
    count: Int32, lastOffsetDelta: Int32? = nil, baseTimestamp: Int64 = 1000
  ) -> RecordBatchHeader {
    RecordBatchHeader(
      baseOffset: Offset(rawValue: 500), batchLength: 49, partitionLeaderEpoch: 0, checksum: 0,
      attributes: BatchAttributes(), lastOffsetDelta: lastOffsetDelta ?? max(count - 1, 0),
      baseTimestampMilliseconds: baseTimestamp, maxTimestampMilliseconds: baseTimestamp,
      producerID: -1, producerEpoch: -1, baseSequence: -1, recordCount: count)
  }
}
