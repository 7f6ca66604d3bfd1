package import MoldauFormat

extension ControlRecord {
  /// The record of a control batch whose header was parsed and checksum checked; `nil` for a batch
  /// of data.
  static func read(
    from batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader, path: String
  ) throws(LogError) -> ControlRecord? {
    guard header.attributes.isControl else { return nil }
    do throws(FormatError) { return try unsafe read(from: batch, header) } catch {
      throw .corrupt(path: path, position: .zero, reason: error)
    }
  }

  package static func read(
    from batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader
  ) throws(FormatError) -> ControlRecord? {
    guard header.attributes.isControl else { return nil }
    let records = unsafe UnsafeRawBufferPointer(
      rebasing: batch[RecordBatchHeader.byteCount..<header.batchByteCount])
    // SAFETY: the span is used within this call, for which the batch's bytes stay valid.
    let span = unsafe records.bytes
    var reader = RecordReader(span, header)
    guard let record = try reader.next() else { return nil }
    return try ControlRecord(parsingKey: record.key, value: record.value)
  }
}
