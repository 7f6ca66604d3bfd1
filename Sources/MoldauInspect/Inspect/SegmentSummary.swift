import MoldauReport
import MoldauFormat

/// What a segment's row says.
struct SegmentSummary {
  let file: String
  let baseOffset: Offset
  var nextOffset: Offset
  var unreadableByteCount = 0
  private var batchCount = 0
  private var recordCount = 0
  private var byteCount = 0
  private var codecs: Set<CompressionCodec> = []
  private var times: ClosedRange<Int64>?

  init(file: String, baseOffset: Offset) {
    self.file = file
    self.baseOffset = baseOffset
    nextOffset = baseOffset
  }

  mutating func add(_ header: RecordBatchHeader) {
    batchCount += 1
    recordCount += Int(header.recordCount)
    byteCount += header.batchByteCount
    if let codec = header.attributes.codec { codecs.insert(codec) }
    let time = header.maxTimestampMilliseconds
    guard time >= 0 else { return }
    times = times.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
  }

  var row: ReportRow {
    ReportRow(
      .segment,
      [
        .init("file", .text(file)),
        .init("baseOffset", .offset(baseOffset)),
        .init("endOffset", .offset(nextOffset), heading: "end"),
        .init("batchCount", .count(batchCount), heading: "batches"),
        .init("recordCount", .count(recordCount), heading: "records"),
        .init("byteCount", .count(byteCount), heading: "bytes"),
        .init("unreadableByteCount", .count(unreadableByteCount), heading: "unreadable"),
        .init("codecs", .text(codecs.map { "\($0)" }.sorted().joined(separator: ","))),
        .init(
          "earliestMilliseconds", times.map { .timestamp($0.lowerBound) } ?? .none,
          heading: "earliest batch"),
        .init(
          "latestMilliseconds", times.map { .timestamp($0.upperBound) } ?? .none,
          heading: "latest batch"),
      ])
  }
}
