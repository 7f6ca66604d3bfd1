package import MoldauFormat
import MoldauCompression

/// Walks over the records of fetched batches; keeps the memory into which it decompresses.
package struct RecordScanner {
  private var decompressed: [UInt8] = []

  package init() {}

  /// Calls `body` with each record from `offset` on until it returns false.
  ///
  /// Returns the offset to fetch from next. Checks each batch's checksum; skips control batches
  /// and the records of `aborted` transactions; ignores a batch that is cut off at the end, as
  /// brokers may send it.
  package mutating func forEachRecord(
    in batches: RawSpan, from offset: Offset, aborted: [AbortedRange] = [],
    _ body: (borrowing RecordView) -> Bool
  ) throws(FormatError) -> Offset {
    var transactions = AbortedTransactions(aborted)
    var next = offset
    var position = 0
    while position + RecordBatchHeader.byteCount <= batches.byteCount {
      let rest = batches.extracting(droppingFirst: position)
      let header = try RecordBatchHeader(parsing: rest)
      guard header.batchByteCount <= rest.byteCount else { break }
      position += header.batchByteCount
      guard header.nextOffset > next else { continue }
      let batch = rest.extracting(first: header.batchByteCount)
      try RecordBatch.checkChecksum(of: batch, header)
      if header.attributes.isControl {
        try transactions.end(batch, header)
      } else if !transactions.isAborted(header) {
        let last = try visit(batch, header, from: next, body)
        if let last { return last }
      }
      next = header.nextOffset
    }
    return next
  }

  /// Returns the offset behind the record at which `body` stopped, or nil when it did not.
  private mutating func visit(
    _ batch: RawSpan, _ header: RecordBatchHeader, from offset: Offset,
    _ body: (borrowing RecordView) -> Bool
  ) throws(FormatError) -> Offset? {
    let records = batch.extracting(droppingFirst: RecordBatchHeader.byteCount)
    guard let codec = header.attributes.codec else {
      throw .invalid(field: "attributes", reason: "no codec has the number of this batch")
    }
    guard codec != .none else { return try Self.visit(records, header, from: offset, body) }
    decompressed.removeAll(keepingCapacity: true)
    try Compression.decompress(
      records, codec: codec, limit: Limits.decompressedByteCount, into: &decompressed)
    // SAFETY: bytes have no padding between them.
    return try unsafe Self.visit(decompressed.span.bytes, header, from: offset, body)
  }

  private static func visit(
    _ records: RawSpan, _ header: RecordBatchHeader, from offset: Offset,
    _ body: (borrowing RecordView) -> Bool
  ) throws(FormatError) -> Offset? {
    var stop: Offset?
    try RecordBatch.forEachRecord(in: records, header) { record in
      guard record.offset >= offset else { return true }
      if body(record) { return true }
      stop = record.offset.advanced(by: 1)
      return false
    }
    return stop
  }
}
