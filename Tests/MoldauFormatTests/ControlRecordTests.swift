import MoldauFormat
import Testing

struct ControlRecordTests {
  @Test(
    "markers are read and written byte for byte",
    arguments: [
      (Golden.commitMarker, ControlRecord.Kind.commit), (Golden.abortMarker, .abort),
    ])
  func golden(bytes: [UInt8], kind: ControlRecord.Kind) throws {
    let record = try #require(try decode(bytes).first)
    let marker = try control(key: record.key, value: record.value)
    #expect(marker == ControlRecord(kind: kind, coordinatorEpoch: 0))
    let header = try parse(bytes) { (bytes) throws(FormatError) in
      try RecordBatchHeader(parsing: bytes)
    }
    let written = marker.encodeBatch(
      timestampMilliseconds: record.timestampMilliseconds,
      fields: BatchFields(
        baseOffset: header.baseOffset, partitionLeaderEpoch: 0, producerID: header.producerID,
        producerEpoch: header.producerEpoch))
    #expect(hex(written) == hex(bytes))
  }

  @Test("a marker of another type is passed on, whatever its value")
  func other() throws {
    let marker = try control(key: hex("0000 0002"), value: nil)
    #expect(marker == ControlRecord(kind: .other(2), coordinatorEpoch: -1))
    #expect(marker.encodeKey() == hex("0000 0002"))
  }

  @Test(
    "a marker that breaks a rule is refused",
    arguments: [
      (nil, nil, FormatError.invalid(field: "control record key", reason: "it is null")),
      ("00", nil, .truncated(needed: 2, available: 1)),
      ("0000", nil, .truncated(needed: 2, available: 0)),
      ("ffff 0000", nil, .unsupportedVersion(field: "control record key", version: -1)),
      ("0000 0001", nil, .invalid(field: "end of transaction", reason: "it is null")),
      ("0000 0001", "0000 0000", .truncated(needed: 4, available: 2)),
      (
        "0000 0001", "8000 00000000",
        .unsupportedVersion(
          field: "end of transaction", version: -32768)
      ),
    ] as [(String?, String?, FormatError)])
  func refused(key: String?, value: String?, error: FormatError) {
    #expect(throws: error) { try control(key: key.map { hex($0) }, value: value.map { hex($0) }) }
  }

  private func control(key: [UInt8]?, value: [UInt8]?) throws(FormatError) -> ControlRecord {
    let keyBytes = key ?? []
    let valueBytes = value ?? []
    // SAFETY: bytes have no padding, so all of the arrays' are initialised.
    return try unsafe ControlRecord(
      parsingKey: key == nil ? nil : keyBytes.span.bytes,
      value: value == nil ? nil : valueBytes.span.bytes)
  }
}
