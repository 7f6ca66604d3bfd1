import MoldauCompression
package import MoldauFormat

/// Gives the records of batches, decompressing into a buffer that it keeps.
///
/// Owned by one reader.
package struct BatchDecoder {
  @usableFromInline var decompressed: [UInt8] = []

  package init() {}

  /// Calls `body` with each record of a batch until it returns false.
  ///
  /// HOT: once per batch read. Benchmark: `scan`.
  @inlinable
  package mutating func forEachRecord(
    of batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader,
    _ body: (borrowing RecordView) -> Bool
  ) throws(FormatError) {
    let records = unsafe UnsafeRawBufferPointer(
      rebasing: batch[RecordBatchHeader.byteCount..<header.batchByteCount])
    // SAFETY: the span is used within this call, for which the batch's bytes stay valid.
    let span = unsafe records.bytes
    if header.attributes.codec == CompressionCodec.none {
      try Self.walk(span, header, body)
    } else {
      try decompress(span, header)
      try unsafe Self.walk(decompressed.span.bytes, header, body)
    }
  }

  @inlinable
  static func walk(
    _ records: RawSpan, _ header: RecordBatchHeader, _ body: (borrowing RecordView) -> Bool
  ) throws(FormatError) {
    var reader = RecordReader(records, header)
    while let record = try reader.next() {
      guard body(record) else { return }
    }
  }

  @usableFromInline
  mutating func decompress(_ records: RawSpan, _ header: RecordBatchHeader) throws(FormatError) {
    guard let codec = header.attributes.codec else {
      throw .invalid(
        field: "attributes", reason: "no codec has number \(header.attributes.rawValue & 7)")
    }
    decompressed.removeAll(keepingCapacity: true)
    try Compression.decompress(
      records, codec: codec, limit: Limits.maxDecompressedBytes, into: &decompressed)
  }
}
