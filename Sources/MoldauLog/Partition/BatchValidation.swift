import MoldauCompression
import MoldauFormat

/// The checks that a batch passes before it may be appended. Pure; runs outside the append lock.
struct BatchValidation {
  let settings: AppendSettings
  let origin: AppendOrigin

  /// The log's time.
  let now: Int64

  /// What a batch that passed the checks says of itself, and what it should say.
  struct Checked {
    var header: RecordBatchHeader
    /// The header with the timestamp, its type and the codec that the records are to have; `nil` when
    /// the batch has it already.
    var corrected: RecordBatchHeader?
    /// The batch with its records compressed as the topic wants it, behind room for the header; `nil`
    /// when they are already.
    var recompressed: [UInt8]?
  }

  /// Returns the header of the one batch that `bytes` are.
  ///
  /// A client's maximum timestamp that is not its records' is put right, as Kafka does: time lookup
  /// and retention go by it.
  ///
  /// HOT: once per appended batch. Benchmark: `append-batch-16k`.
  func check(_ bytes: UnsafeRawBufferPointer) throws(LogError) -> Checked {
    guard bytes.count <= settings.maxBatchBytes || origin == .leader else {
      throw .batchTooLarge(byteCount: bytes.count, limit: settings.maxBatchBytes)
    }
    var checked: Checked
    let summary: RecordBatch.RecordSummary
    do throws(FormatError) {
      let header = try unsafe RecordBatchHeader(parsing: bytes)
      guard header.batchByteCount == bytes.count else {
        throw .lengthOutOfRange(field: "batchLength", length: Int(header.batchLength))
      }
      try unsafe RecordBatch.checkChecksum(of: bytes, header)
      guard origin == .client else { return Checked(header: header) }
      checked = Checked(header: header)
      var decompressed: [UInt8] = []
      summary = try unsafe checkClientBatch(bytes, header, &decompressed)
      try unsafe recompress(bytes, decompressed, &checked)
    } catch {
      throw .invalidBatch(error)
    }
    if let recompressed = checked.recompressed, recompressed.count > settings.maxBatchBytes {
      throw .batchTooLarge(byteCount: recompressed.count, limit: settings.maxBatchBytes)
    }
    try settings.checkTimestamps(
      from: summary.minTimestampMilliseconds, to: summary.maxTimestampMilliseconds, now: now)
    correct(&checked, summary)
    return checked
  }

  /// Puts the header's timestamp and its type right.
  private func correct(_ checked: inout Checked, _ summary: RecordBatch.RecordSummary) {
    let header = checked.header
    guard
      summary.maxTimestampMilliseconds != header.maxTimestampMilliseconds
        || header.attributes.isLogAppendTime
    else { return }
    var corrected = checked.corrected ?? header
    corrected.attributes.isLogAppendTime = false
    corrected.maxTimestampMilliseconds = summary.maxTimestampMilliseconds
    checked.corrected = corrected
  }

  /// Compresses the records anew when the topic wants another codec than the client's.
  private func recompress(
    _ bytes: UnsafeRawBufferPointer, _ decompressed: [UInt8], _ checked: inout Checked
  ) throws(FormatError) {
    guard let codec = settings.codec, codec != checked.header.attributes.codec else { return }
    var batch = [UInt8](repeating: 0, count: RecordBatchHeader.byteCount)
    if checked.header.attributes.codec == CompressionCodec.none {
      let records = unsafe UnsafeRawBufferPointer(rebasing: bytes[RecordBatchHeader.byteCount...])
      // SAFETY: the span is used within this call, for which the batch's bytes stay valid.
      try unsafe Compression.compress(records.bytes, codec: codec, into: &batch)
    } else {
      try unsafe Compression.compress(decompressed.span.bytes, codec: codec, into: &batch)
    }
    guard let length = Int32(exactly: batch.count - RecordBatchHeader.lengthPrefixByteCount) else {
      throw .lengthOutOfRange(field: "batchLength", length: batch.count)
    }
    var corrected = checked.header
    corrected.attributes = corrected.attributes.with(codec)
    corrected.batchLength = length
    checked.corrected = corrected
    checked.recompressed = batch
  }

  /// Checks what a client may send; `decompressed` gets the records of a compressed batch.
  private func checkClientBatch(
    _ bytes: UnsafeRawBufferPointer, _ header: RecordBatchHeader, _ decompressed: inout [UInt8]
  ) throws(FormatError) -> RecordBatch.RecordSummary {
    guard !header.attributes.isControl else {
      throw .invalid(field: "attributes", reason: "clients do not write control batches")
    }
    guard !header.attributes.hasDeleteHorizon else {
      throw .invalid(field: "attributes", reason: "only the cleaner sets a delete horizon")
    }
    guard header.recordCount > 0 else {
      throw .invalid(field: "recordCount", reason: "\(header.recordCount) records")
    }
    guard header.lastOffsetDelta == header.recordCount - 1 else {
      throw .invalid(
        field: "lastOffsetDelta",
        reason: "\(header.lastOffsetDelta) with \(header.recordCount) records")
    }
    guard !header.hasProducer || header.baseSequence >= 0 else {
      throw .invalid(field: "baseSequence", reason: "\(header.baseSequence) with a producer id")
    }
    guard let codec = header.attributes.codec else {
      throw .invalid(
        field: "attributes", reason: "no codec has number \(header.attributes.rawValue & 7)")
    }
    let records = unsafe UnsafeRawBufferPointer(rebasing: bytes[RecordBatchHeader.byteCount...])
    // SAFETY: the span is used within this call, for which the batch's bytes stay valid.
    let span = unsafe records.bytes
    let summary: RecordBatch.RecordSummary
    if codec == .none {
      summary = try RecordBatch.checkRecords(span, header)
    } else {
      try Compression.decompress(
        span, codec: codec, limit: Limits.maxDecompressedBytes, into: &decompressed)
      summary = try unsafe RecordBatch.checkRecords(decompressed.span.bytes, header)
    }
    guard !settings.isCompacted || !summary.hasNullKey else {
      throw .invalid(field: "key", reason: "a record of a compacted topic needs a key")
    }
    return summary
  }
}
