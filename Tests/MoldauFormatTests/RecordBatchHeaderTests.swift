import MoldauFormat
import Testing

struct RecordBatchHeaderTests {
  @Test("every field is read from its place")
  func fields() throws {
    let header = try parse(Golden.transactionalBatch) { (bytes) throws(FormatError) in
      try RecordBatchHeader(parsing: bytes)
    }
    let expected = RecordBatchHeader(
      baseOffset: .zero, batchLength: 229, partitionLeaderEpoch: 0, checksum: 0x0EE5_A6FD,
      attributes: BatchAttributes(isTransactional: true), lastOffsetDelta: 9,
      baseTimestampMilliseconds: 0x1A2_0BBC_20F2, maxTimestampMilliseconds: 0x1A2_0BBC_20F2,
      producerID: 1, producerEpoch: 0, baseSequence: 0, recordCount: 10)
    #expect(header == expected)
    #expect(header.batchByteCount == Golden.transactionalBatch.count)
    #expect(header.lastOffset == Offset(rawValue: 9))
    #expect(header.nextOffset == Offset(rawValue: 10))
    #expect(header.lastSequence == 9)
    #expect(header.hasProducer)
  }

  @Test(
    "the attributes say what the bits say",
    arguments: [
      (Golden.gzipHeader, CompressionCodec.gzip, false, false, false, false),
      (Golden.zstdHeader, .zstd, false, false, false, false),
      (Golden.logAppendTimeHeader, CompressionCodec.none, true, false, false, false),
      (Golden.transactionalBatch, CompressionCodec.none, false, true, false, false),
      (Golden.commitMarker, CompressionCodec.none, false, true, true, false),
      (Golden.deleteHorizonHeader, CompressionCodec.none, false, false, false, true),
    ])
  func attributes(
    bytes: [UInt8], codec: CompressionCodec, isLogAppendTime: Bool, isTransactional: Bool,
    isControl: Bool, hasDeleteHorizon: Bool
  ) throws {
    let attributes = try parse(bytes) { (bytes) throws(FormatError) in
      try RecordBatchHeader(parsing: bytes)
    }.attributes
    #expect(attributes.codec == codec)
    #expect(attributes.isLogAppendTime == isLogAppendTime)
    #expect(attributes.isTransactional == isTransactional)
    #expect(attributes.isControl == isControl)
    #expect(attributes.hasDeleteHorizon == hasDeleteHorizon)
  }

  @Test("each codec has its code, and three codes name none")
  func codecs() {
    for codec in CompressionCodec.allCases {
      #expect(BatchAttributes(codec: codec).rawValue == Int16(codec.rawValue))
      #expect(BatchAttributes(codec: codec).codec == codec)
    }
    for code: Int16 in 5...7 { #expect(BatchAttributes(rawValue: code).codec == nil) }
  }

  @Test("each flag can be set and cleared alone")
  func flags() {
    let paths: [WritableKeyPath<BatchAttributes, Bool>] = [
      \.isLogAppendTime, \.isTransactional, \.isControl, \.hasDeleteHorizon,
    ]
    for (index, path) in paths.enumerated() {
      var attributes = BatchAttributes(rawValue: 0)
      attributes[keyPath: path] = true
      #expect(attributes.rawValue == 8 << index)
      attributes = BatchAttributes(rawValue: -1)
      attributes[keyPath: path] = false
      #expect(attributes.rawValue == ~(8 << index))
    }
  }

  @Test("the last sequence number wraps to 0 after the greatest")
  func sequenceWraps() {
    var header = RecordBatchHeader(
      baseOffset: .zero, batchLength: 49, partitionLeaderEpoch: 0, checksum: 0,
      attributes: BatchAttributes(), lastOffsetDelta: 3, baseTimestampMilliseconds: 0,
      maxTimestampMilliseconds: 0, producerID: 7, producerEpoch: 0, baseSequence: Int32.max - 1,
      recordCount: 4)
    #expect(header.lastSequence == 1)
    header.baseSequence = -1
    #expect(header.lastSequence == -1)
  }

  @Test(
    "a header that breaks a rule is refused",
    arguments: [
      (16, "01", FormatError.unsupportedMagic(1)),
      (16, "03", .unsupportedMagic(3)),
      (8, "00000030", .lengthOutOfRange(field: "batchLength", length: 48)),
      (8, "80000000", .lengthOutOfRange(field: "batchLength", length: -2_147_483_648)),
      (23, "ffffffff", .invalid(field: "lastOffsetDelta", reason: "-1 is negative")),
      (57, "ffffffff", .invalid(field: "recordCount", reason: "-1 is negative")),
      (0, "ffffffffffffffff", .invalid(field: "baseOffset", reason: "-1 is negative")),
      (
        0, "7ffffffffffffff6",
        .invalid(
          field: "baseOffset", reason: "9223372036854775798 leaves no offset after the batch")
      ),
    ])
  func refused(position: Int, replacement: String, error: FormatError) {
    var bytes = Golden.transactionalBatch
    let new = hex(replacement)
    bytes.replaceSubrange(position..<position + new.count, with: new)
    #expect(
      failure(of: bytes) { (bytes) throws(FormatError) in
        try RecordBatchHeader(parsing: bytes)
      } == error)
  }

  @Test("the greatest offset that leaves room for one after the batch is accepted")
  func greatestOffset() throws {
    var bytes = Golden.transactionalBatch
    bytes.replaceSubrange(0..<8, with: hex("7ffffffffffffff5"))
    let header = try parse(bytes) { (bytes) throws(FormatError) in
      try RecordBatchHeader(parsing: bytes)
    }
    #expect(header.nextOffset == Offset(rawValue: .max))
  }

  @Test("fewer bytes than a header are truncated, unless they show another magic")
  func short() {
    let parseHeader = { (bytes: RawSpan) throws(FormatError) in
      _ = try RecordBatchHeader(parsing: bytes)
    }
    for count in 0..<RecordBatchHeader.byteCount {
      let part = Array(Golden.transactionalBatch[..<count])
      #expect(failure(of: part, parseHeader) == .truncated(needed: 61, available: count))
    }
    var old = [UInt8](repeating: 0, count: 34)
    old[16] = 1
    #expect(failure(of: old, parseHeader) == .unsupportedMagic(1))
  }

  @Test("what is stored is what was parsed")
  func store() throws {
    let golden = Array(Golden.commitMarker[..<RecordBatchHeader.byteCount])
    let header = try parse(golden) { (bytes) throws(FormatError) in
      try RecordBatchHeader(parsing: bytes)
    }
    var bytes = [UInt8](repeating: 0, count: RecordBatchHeader.byteCount)
    // SAFETY: the array has the header's size.
    unsafe bytes.withUnsafeMutableBytes { buffer in
      if let start = buffer.baseAddress { unsafe header.store(to: start) }
    }
    #expect(hex(bytes) == hex(golden))
  }

  @Test("stamping changes offset and leader epoch and leaves the checksum right")
  func stamp() throws {
    var bytes = Golden.transactionalBatch
    let header = try parse(bytes) { (bytes) throws(FormatError) in
      try RecordBatchHeader(parsing: bytes)
    }
    unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe RecordBatch.stampPrefix(
        header, baseOffset: Offset(rawValue: 42), leaderEpoch: 7, into: buffer)
    }
    let stamped = try parse(bytes) { (bytes) throws(FormatError) in
      let stamped = try RecordBatchHeader(parsing: bytes)
      try RecordBatch.checkChecksum(of: bytes, stamped)
      return stamped
    }
    var expected = header
    expected.baseOffset = Offset(rawValue: 42)
    expected.partitionLeaderEpoch = 7
    #expect(stamped == expected)
  }

  @Test("a changed byte in the checksum's range is found, and missing bytes are said to be")
  func checksum() throws {
    let check = { (bytes: RawSpan) throws(FormatError) in
      try RecordBatch.checkChecksum(of: bytes, try RecordBatchHeader(parsing: bytes))
    }
    #expect(failure(of: Golden.transactionalBatch, check) == nil)
    for position in [22, 61, 240] {
      var bytes = Golden.transactionalBatch
      bytes[position] ^= 0x10
      guard case .checksumMismatch(stored: 0x0EE5_A6FD, _)? = failure(of: bytes, check) else {
        Issue.record("byte \(position) was changed unseen")
        continue
      }
    }
    #expect(
      failure(of: Golden.transactionalBatch.dropLast(), check)
        == .truncated(needed: 241, available: 240))
  }
}
