package import MoldauReport

/// What a check of a data directory found, in numbers.
package struct VerifySummary: Equatable, Sendable {
  /// Bytes at the end of a log of which no batch can be made.
  package struct Tail: Equatable, Sendable {
    package var path: String
    package var range: Range<Int>
  }

  package var partitionCount = 0
  package var segmentCount = 0
  package var batchCount = 0
  package var recordCount = 0
  package var checkedByteCount = 0
  package var problemCount = 0
  package var noteCount = 0
  /// Whether the directory was stopped in order; else its next opening recovers.
  package var wasClosedCleanly = false
  package var tails: [Tail] = []
  /// Leader epoch checkpoints that are wrong; the batches have their epochs too.
  package var wrongEpochs: [String] = []

  package var row: ReportRow {
    ReportRow(
      .summary,
      [
        .init("partitionCount", .count(partitionCount), heading: "partitions"),
        .init("segmentCount", .count(segmentCount), heading: "segments"),
        .init("batchCount", .count(batchCount), heading: "batches"),
        .init("recordCount", .count(recordCount), heading: "records"),
        .init("checkedByteCount", .count(checkedByteCount), heading: "bytes checked"),
        .init("wasClosedCleanly", .boolean(wasClosedCleanly), heading: "closed cleanly"),
        .init("noteCount", .count(noteCount), heading: "notes"),
        .init("problemCount", .count(problemCount), heading: "problems"),
      ])
  }
}
