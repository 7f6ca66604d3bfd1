import MoldauCompression
import MoldauFormat

extension FuzzTarget {
  /// A batch as a client sends it and a log holds it, and what lies within.
  static let batchTargets = [
    // No mutation finds a right checksum, so the second reading has it put in and gets behind it.
    FuzzTarget("batch") { bytes in
      readBatch(bytes)
      let sealed = resealed(bytes)
      readBatch(sealed.rawSpan)
    },
    FuzzTarget("records") { bytes in
      guard bytes.byteCount >= RecordBatchHeader.byteCount else { return }
      ignoringErrors { () throws(FormatError) in
        let header = try RecordBatchHeader(parsing: bytes)
        readRecords(bytes.extracting(droppingFirst: RecordBatchHeader.byteCount), header)
      }
    },
    FuzzTarget("control-record") { bytes in
      let input = KeyAndValue(bytes)
      ignoringErrors { () throws(FormatError) in
        let record = try ControlRecord(parsingKey: input.key, value: input.value)
        if case .other = record.kind { return }
        let (newKey, newValue) = (record.encodeKey(), record.encodeValue())
        let again = try ControlRecord(parsingKey: newKey.rawSpan, value: newValue.rawSpan)
        hold(again == record, "a marker survives being written and read")
      }
    },
  ]

  /// The most that a batch of the fuzzer may decompress to.
  static let decompressionLimit = 1 << 20

  private static func readBatch(_ bytes: RawSpan) {
    ignoringErrors { () throws(FormatError) in
      let header = try RecordBatchHeader(parsing: bytes)
      hold(header.nextOffset > header.baseOffset, "a batch spans an offset")
      guard header.batchByteCount <= bytes.byteCount else { return }
      let batch = bytes.extracting(first: header.batchByteCount)
      try RecordBatch.checkChecksum(of: batch, header)
      let stored = batch.extracting(droppingFirst: RecordBatchHeader.byteCount)
      guard let codec = header.attributes.codec else { return }
      guard codec != .none else { return readRecords(stored, header) }
      var records: [UInt8] = []
      try Compression.decompress(stored, codec: codec, limit: decompressionLimit, into: &records)
      readRecords(records.rawSpan, header)
    }
  }

  private static func readRecords(_ records: RawSpan, _ header: RecordBatchHeader) {
    let summary = result { () throws(FormatError) in
      try RecordBatch.checkRecords(records, header)
    }
    var count = 0
    var maxTimestamp = Int64.min
    var hasNullKey = false
    let visited = result { () throws(FormatError) in
      try RecordBatch.forEachRecord(in: records, header) { record in
        count += 1
        maxTimestamp = max(maxTimestamp, record.timestampMilliseconds)
        hasNullKey = hasNullKey || record.key == nil
        touch(record)
        return true
      }
    }
    guard let summary, Int(header.lastOffsetDelta) == Int(header.recordCount) - 1 else { return }
    hold(visited == true, "checked records can be read")
    copyRecords(records, header)
    hold(count == Int(header.recordCount), "the check counts as the reader does")
    hold(summary.hasNullKey == hasNullKey, "the check sees the keys that the reader sees")
    if count > 0, !header.attributes.isLogAppendTime {
      hold(summary.maxTimestampMilliseconds == maxTimestamp, "both see the same times")
    }
  }

  /// Copies the records as a cleaner does; they must come out the same.
  private static func copyRecords(_ records: RawSpan, _ header: RecordBatchHeader) {
    guard header.recordCount > 0, !header.attributes.isLogAppendTime else { return }
    var encoder = RecordBatchEncoder(initialCapacity: 256)
    var offsetDelta: Int32 = 0
    ignoringErrors { () throws(FormatError) in
      try RecordBatch.forEachRecord(in: records, header) { record in
        encoder.append(copying: record, offsetDelta: offsetDelta)
        offsetDelta += 1
        return true
      }
    }
    let copied = encoder.finish(BatchFields(baseOffset: header.baseOffset))
    let summary = result { () throws(FormatError) in
      try RecordBatch.checkRecords(encoder.records, copied)
    }
    hold(
      summary?.maxTimestampMilliseconds == copied.maxTimestampMilliseconds, "copies are whole")
  }

  /// Reads every byte that the view hands out, so that a sanitizer sees one outside the input.
  static func touch(_ record: borrowing RecordView) {
    var sum = 0
    if let key = record.key { sum &+= byteSum(key) }
    if let value = record.value { sum &+= byteSum(value) }
    var headerCount = 0
    record.forEachHeader { name, value in
      headerCount += 1
      sum &+= byteSum(name)
      if let value { sum &+= byteSum(value) }
    }
    hold(headerCount == record.headerCount, "each header is visited once")
    hold(record.headers.count == headerCount, "the copied headers are all there")
  }
}
