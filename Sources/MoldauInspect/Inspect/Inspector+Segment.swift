import MoldauReport
import MoldauDisk
import MoldauFormat
import MoldauLog

extension Inspector {
  /// A partition's folder: its line, a row a segment, and what its other files say.
  mutating func inspectPartition(_ folder: PartitionFolder) throws(InspectError) {
    try add(partitionRow(folder, start: nil, recoveryPoint: nil, highWatermark: nil))
    for name in folder.unfinished + folder.quarantines + folder.orphans + folder.strangers {
      add(.note("\(folder.path)/\(name)", "beside the log"))
    }
    try inspectSegments(folder)
    if folder.hasLeaderEpochs {
      try inspectFile("\(folder.path)/\(StoreLayout.leaderEpochs)", .leaderEpochs)
    }
    for base in (folder.files[.txnindex] ?? []).sorted() {
      try inspectFile(folder.file(base, .txnindex), .transactionIndex)
    }
    for base in (folder.files[.snapshot] ?? []).sorted() {
      try inspectFile(folder.file(base, .snapshot), .snapshot)
    }
  }

  mutating func inspectSegments(_ folder: PartitionFolder) throws(InspectError) {
    var summaries: [ReportRow] = []
    for base in folder.baseOffsets {
      let path = folder.file(base, .log)
      summaries.append(
        try walkSegment(
          path, base, next: folder.next(after: base), showsBatches: options.showsRecords))
      if options.showsIndex { try showIndexes(of: path, base, next: folder.next(after: base)) }
    }
    for row in summaries { add(row) }
  }

  /// A log file: its batches and a summary.
  mutating func inspectLog(_ path: String, baseOffset: Offset) throws(InspectError) {
    let next = try nextBaseOffset(beside: path, baseOffset)
    let summary = try walkSegment(path, baseOffset, next: next, showsBatches: true)
    if options.showsIndex { try showIndexes(of: path, baseOffset, next: next) }
    add(summary)
  }

  /// Where the next segment in the same folder begins, if the file lies among others.
  private func nextBaseOffset(
    beside path: String, _ baseOffset: Offset
  ) throws(InspectError) -> Offset? {
    guard SegmentFileName(parsing: LogPath.name(of: path)) != nil else { return nil }
    return try PartitionFolder(path: disk.parent(of: path), disk: disk).next(after: baseOffset)
  }

  /// Walks over one log file; returns its row.
  private mutating func walkSegment(
    _ path: String, _ base: Offset, next: Offset?, showsBatches: Bool
  ) throws(InspectError) -> ReportRow {
    let file = try InspectError.wrap { () throws(DiskError) in try disk.open(path, .readOnly) }
    var walk = try SegmentWalk(file: file, baseOffset: base, nextBaseOffset: next)
    var summary = SegmentSummary(file: LogPath.name(of: path), baseOffset: base)
    while let step = try walk.next() {
      switch step {
      case .unreadable(let bytes):
        report(bytes, path)
        if bytes.extent != .zeros { summary.unreadableByteCount += bytes.range.count }
        if let header = bytes.header, showsBatches {
          add(BatchRow.row(of: header, at: bytes.range.lowerBound, control: nil, isWhole: false))
        }
      case .batch(let header, let position):
        summary.add(header)
        if showsBatches {
          add(
            BatchRow.row(
              of: header, at: position, control: walk.controlRecord(header), isWhole: true))
        }
        guard options.showsRecords else { continue }
        do throws(FormatError) {
          try walk.forEachRecord(header) { add(BatchRow.row(of: $0, header)) }
        } catch {
          problem(path, at: position, "the records of the batch: \(error)")
        }
      }
    }
    summary.nextOffset = walk.nextOffset
    return summary.row
  }

  /// Says what cannot be read.
  mutating func report(_ bytes: UnreadableBytes, _ path: String) {
    let start = bytes.range.lowerBound
    switch bytes.extent {
    case .zeros:
      add(.note(path, at: start, "\(bytes.range.count) bytes of zeros behind the last batch"))
    case .tornTail:
      problem(
        path, at: start,
        "\(bytes.range.count) bytes at the end of which no batch can be made: \(bytes.reason)")
    case .damage(let lost):
      problem(path, at: start, Self.damageText(bytes, lost))
    }
  }

  static func damageText(_ bytes: UnreadableBytes, _ lost: Range<Offset>) -> String {
    "\(bytes.range.count) damaged bytes, offsets \(lost.lowerBound) to \(lost.upperBound)"
      + " (exclusive): \(bytes.reason)"
  }

  // MARK: Indexes

  /// An index file by itself, held against the log beside it.
  mutating func inspectIndex(_ path: String, baseOffset: Offset) throws(InspectError) {
    let log = "\(disk.parent(of: path))/\(SegmentFileName(baseOffset: baseOffset, kind: .log))"
    let hasLog = try InspectError.wrap { () throws(DiskError) in try disk.kind(of: log) == .file }
    if !hasLog { add(.note(path, "its log is not beside it, so that it is not checked")) }
    let next = hasLog ? try nextBaseOffset(beside: log, baseOffset) : nil
    try showIndex(path, log: hasLog ? log : nil, baseOffset, next: next)
  }

  private mutating func showIndexes(
    of log: String, _ base: Offset, next: Offset?
  ) throws(InspectError) {
    for kind in [SegmentFileName.Kind.index, .timeindex] {
      let path = "\(disk.parent(of: log))/\(SegmentFileName(baseOffset: base, kind: kind))"
      let exists = try InspectError.wrap { () throws(DiskError) in try disk.kind(of: path) == .file
      }
      if exists { try showIndex(path, log: log, base, next: next) }
    }
  }

  private mutating func showIndex(
    _ path: String, log: String?, _ base: Offset, next: Offset?
  ) throws(InspectError) {
    let bytes = try SmallFile.contents(of: path, disk)
    if path.hasSuffix(SegmentFileName.Kind.timeindex.rawValue) {
      var check: TimeIndexCheck
      do throws(FormatError) { check = try TimeIndexCheck(bytes, baseOffset: base) } catch {
        return problem(path, "\(error)")
      }
      if let log { try hold(&check, against: log, base, next) }
      show(check, path)
    } else {
      var check: OffsetIndexCheck
      do throws(FormatError) { check = try OffsetIndexCheck(bytes, baseOffset: base) } catch {
        return problem(path, "\(error)")
      }
      if let log { try hold(&check, against: log, base, next) }
      show(check, path)
    }
  }

  private func hold(
    _ check: inout OffsetIndexCheck, against log: String, _ base: Offset, _ next: Offset?
  ) throws(InspectError) {
    let file = try InspectError.wrap { () throws(DiskError) in try disk.open(log, .readOnly) }
    var walk = try SegmentWalk(file: file, baseOffset: base, nextBaseOffset: next)
    var last: Offset?
    while let step = try walk.next() {
      switch step {
      case .batch(let header, let position):
        check.add(header, at: position)
        last = header.lastOffset
      case .unreadable(let bytes): check.skip(bytes.range)
      }
    }
    check.finish(lastOffset: last)
  }

  private func hold(
    _ check: inout TimeIndexCheck, against log: String, _ base: Offset, _ next: Offset?
  ) throws(InspectError) {
    let file = try InspectError.wrap { () throws(DiskError) in try disk.open(log, .readOnly) }
    var walk = try SegmentWalk(file: file, baseOffset: base, nextBaseOffset: next)
    while let step = try walk.next() {
      switch step {
      case .batch(let header, _): check.add(header)
      case .unreadable: check.skip(to: walk.nextOffset)
      }
    }
    check.finish()
  }

  private mutating func show(_ check: OffsetIndexCheck, _ path: String) {
    for (index, entry) in check.entries.enumerated() {
      add(
        ReportRow(
          .offsetIndexEntry,
          [
            .init("file", .text(LogPath.name(of: path))),
            .init("offset", .offset(check.offset(of: index))),
            .init("position", .integer(Int64(entry.position))),
            .init("problem", .optional(check.problems[index])),
          ]))
    }
    for (index, text) in check.problems.sorted(by: { $0.key < $1.key }) {
      problem(path, at: index * OffsetIndexEntry.byteCount, "entry \(index): \(text)")
    }
  }

  private mutating func show(_ check: TimeIndexCheck, _ path: String) {
    for (index, entry) in check.entries.enumerated() {
      add(
        ReportRow(
          .timeIndexEntry,
          [
            .init("file", .text(LogPath.name(of: path))),
            .init(
              "timestampMilliseconds", .timestamp(entry.timestampMilliseconds), heading: "timestamp"
            ),
            .init("offset", .offset(check.offset(of: index))),
            .init("problem", .optional(check.problems[index])),
          ]))
    }
    for (index, text) in check.problems.sorted(by: { $0.key < $1.key }) {
      problem(path, at: index * TimeIndexEntry.byteCount, "entry \(index): \(text)")
    }
  }
}
