import MoldauReport
import MoldauFormat

/// The rows of batches and their records.
enum BatchRow {
  static func row(
    of header: RecordBatchHeader, at position: Int, control: ControlRecord?, isWhole: Bool
  ) -> ReportRow {
    let hasProducer = header.hasProducer
    return ReportRow(
      .batch,
      [
        .init("position", .count(position)),
        .init("baseOffset", .offset(header.baseOffset)),
        .init("lastOffset", .offset(header.lastOffset)),
        .init("recordCount", .integer(Int64(header.recordCount)), heading: "records"),
        .init("codec", .text(codec(of: header))),
        .init("byteCount", .count(header.batchByteCount), heading: "bytes"),
        .init(
          "baseTimestampMilliseconds", .time(header.baseTimestampMilliseconds), heading: "from"),
        .init("maxTimestampMilliseconds", .time(header.maxTimestampMilliseconds), heading: "to"),
        .init(
          "producerID", hasProducer ? .integer(header.producerID) : .none, heading: "producer"),
        .init(
          "producerEpoch", hasProducer ? .integer(Int64(header.producerEpoch)) : .none,
          heading: "epoch"),
        .init(
          "baseSequence", header.baseSequence < 0 ? .none : .integer(Int64(header.baseSequence)),
          heading: "sequence"),
        .init(
          "leaderEpoch", .integer(Int64(header.partitionLeaderEpoch)), heading: "leader epoch"),
        .init("flags", .text(flags(of: header, control).joined(separator: ","))),
        .init("isWhole", .boolean(isWhole), heading: "whole"),
      ])
  }

  static func row(of record: borrowing RecordView, _ header: RecordBatchHeader) -> ReportRow {
    ReportRow(
      .record,
      [
        .init("offset", .offset(record.offset)),
        .init("timestampMilliseconds", .timestamp(record.timestampMilliseconds)),
        .init("key", bytes(record.key)),
        .init("value", bytes(record.value)),
        .init("headers", .headers(record.headers)),
      ])
  }

  private static func bytes(_ span: RawSpan?) -> FieldValue {
    guard let span else { return .bytes(nil) }
    // SAFETY: the array copies the bytes while they are borrowed.
    return .bytes(unsafe span.withUnsafeBytes { unsafe [UInt8]($0) })
  }

  private static func codec(of header: RecordBatchHeader) -> String {
    header.attributes.codec.map { "\($0)" } ?? "unknown (\(header.attributes.rawValue & 7))"
  }

  /// What is special about a batch.
  private static func flags(of header: RecordBatchHeader, _ control: ControlRecord?) -> [String] {
    var flags: [String] = []
    if header.attributes.isTransactional { flags.append("transactional") }
    if header.attributes.isControl { flags.append("control") }
    switch control?.kind {
    case .abort: flags.append("abort")
    case .commit: flags.append("commit")
    case .other(let type): flags.append("type-\(type)")
    case nil: break
    }
    if header.attributes.isLogAppendTime { flags.append("log-append-time") }
    if header.attributes.hasDeleteHorizon { flags.append("delete-horizon") }
    return flags
  }
}
