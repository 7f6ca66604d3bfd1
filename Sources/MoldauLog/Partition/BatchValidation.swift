import MoldauCompression
import MoldauFormat

/// The checks that a batch passes before it may be appended. Pure; runs outside the append lock.
struct BatchValidation {
  let settings: AppendSettings
  let origin: AppendOrigin

  /// What a batch that passed the checks says of itself, and what it should say.
  struct Checked {
    var header: RecordBatchHeader
    /// The header with the timestamp and its type that the records really have; `nil` when the batch
    /// has it already.
    var corrected: RecordBatchHeader?
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
    do throws(FormatError) {
      let header = try unsafe RecordBatchHeader(parsing: bytes)
      guard header.batchByteCount == bytes.count else {
        throw .lengthOutOfRange(field: "batchLength", length: Int(header.batchLength))
      }
      try unsafe RecordBatch.checkChecksum(of: bytes, header)
      guard origin == .client else { return Checked(header: header) }
      let summary = try unsafe checkClientBatch(bytes, header)
      guard
        summary.maxTimestampMilliseconds != header.maxTimestampMilliseconds
          || header.attributes.isLogAppendTime
      else { return Checked(header: header) }
      var corrected = header
      corrected.attributes.isLogAppendTime = false
      corrected.maxTimestampMilliseconds = summary.maxTimestampMilliseconds
      return Checked(header: header, corrected: corrected)
    } catch {
      throw .invalidBatch(error)
    }
  }

  private func checkClientBatch(
    _ bytes: UnsafeRawBufferPointer, _ header: RecordBatchHeader
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
      var decompressed: [UInt8] = []
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
