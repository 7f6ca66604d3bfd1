import MoldauDisk
import MoldauFormat
import MoldauLog

extension Verifier {
  /// Checks a segment's log and the files derived from it; returns the offset behind it.
  mutating func run(
    _ check: SegmentCheck, _ producers: inout ProducerStates
  ) throws(InspectError) -> Offset {
    summary.segmentCount += 1
    var offsets = try offsetIndex(check)
    var times = try timeIndex(check)
    var transactions = TransactionIndexCheck()
    let path = check.logPath
    let file = try InspectError.wrap { () throws(DiskError) in try disk.open(path, .readOnly) }
    var walk = try SegmentWalk(
      file: file, baseOffset: check.baseOffset, nextBaseOffset: check.nextBaseOffset)
    var last: Offset?
    var expected = check.previousEnd
    while let step = try walk.next() {
      switch step {
      case .unreadable(let bytes):
        report(bytes, check, from: walk.nextOffset)
        offsets?.skip(bytes.range)
        times?.skip(to: walk.nextOffset)
        // The offsets of what is damaged were told.
        expected = bytes.extent == .zeros ? expected : walk.nextOffset
        advance(by: bytes.range.count)
      case .batch(let header, let position):
        if let error = walk.recordsError(header) {
          problem(path, at: position, "the records of the batch: \(error)")
        }
        if header.hasProducer {
          let control = walk.controlRecord(header)
          let aborted = producers.add(header, control: control)
          if let control { transactions.add(header, control, aborted) }
        }
        if let expected, header.baseOffset > expected, check.isGapless {
          note(
            path, at: position,
            "offsets \(expected) to \(header.baseOffset) (exclusive) are missing")
        }
        expected = header.nextOffset
        offsets?.add(header, at: position)
        times?.add(header)
        last = header.lastOffset
        summary.batchCount += 1
        summary.recordCount += Int(header.recordCount)
        advance(by: header.batchByteCount)
      }
    }
    offsets?.finish(lastOffset: last)
    times?.finish()
    if let offsets { report(offsets, check) }
    if let times { report(times, check) }
    try checkTransactions(transactions, check)
    return walk.nextOffset
  }

  private mutating func report(
    _ bytes: UnreadableBytes, _ check: SegmentCheck, from offset: Offset
  ) {
    let start = bytes.range.lowerBound
    let count = bytes.range.count
    // What a crash leaves where nothing was synced, the next opening mends.
    let isOpenEnd = check.nextBaseOffset == nil && !check.wasClosedCleanly
    // Recovery itself keeps what it cuts off a segment that others follow.
    if bytes.extent == .tornTail, check.nextBaseOffset == nil {
      summary.tails.append(VerifySummary.Tail(path: check.logPath, range: bytes.range))
    }
    switch bytes.extent {
    case .zeros where isOpenEnd || !check.isTrusted:
      note(check.logPath, at: start, "\(count) bytes of zeros behind the last batch")
    case .zeros:
      problem(check.logPath, at: start, "\(count) bytes of zeros behind the last batch")
    case .tornTail where isOpenEnd:
      note(
        check.logPath, at: start,
        "\(count) bytes of an unfinished write (\(bytes.reason)); the next opening cuts them")
    case .tornTail:
      let last = check.nextBaseOffset.map { " to \($0) (exclusive)" } ?? " on"
      problem(
        check.logPath, at: start,
        "\(count) damaged bytes at the end, offsets \(offset)\(last): \(bytes.reason)")
    case .damage(let lost):
      problem(check.logPath, at: start, Inspector.damageText(bytes, lost))
    }
  }

  // MARK: Derived files

  /// The bytes of a derived file, or `nil` when it is missing.
  private mutating func derived(
    _ kind: SegmentFileName.Kind, _ check: SegmentCheck
  ) throws(InspectError) -> [UInt8]? {
    let path = check.folder.file(check.baseOffset, kind)
    guard check.folder.has(check.baseOffset, kind) else {
      finding(isTrusted: check.isTrusted, path, "it is missing")
      return nil
    }
    return try SmallFile.contents(of: path, disk)
  }

  private mutating func offsetIndex(
    _ check: SegmentCheck
  ) throws(InspectError) -> OffsetIndexCheck? {
    guard let bytes = try derived(.index, check) else { return nil }
    do throws(FormatError) {
      return try OffsetIndexCheck(bytes, baseOffset: check.baseOffset)
    } catch {
      finding(
        isTrusted: check.isTrusted, check.folder.file(check.baseOffset, .index), "\(error)")
      return nil
    }
  }

  private mutating func timeIndex(_ check: SegmentCheck) throws(InspectError) -> TimeIndexCheck? {
    guard let bytes = try derived(.timeindex, check) else { return nil }
    do throws(FormatError) {
      return try TimeIndexCheck(bytes, baseOffset: check.baseOffset)
    } catch {
      finding(
        isTrusted: check.isTrusted, check.folder.file(check.baseOffset, .timeindex), "\(error)")
      return nil
    }
  }

  private mutating func report(_ index: OffsetIndexCheck, _ check: SegmentCheck) {
    let path = check.folder.file(check.baseOffset, .index)
    if index.zeroTailByteCount > 0, check.isTrusted {
      problem(
        path, at: index.entries.count * OffsetIndexEntry.byteCount,
        "\(index.zeroTailByteCount) bytes of zeros behind the last entry")
    }
    report(index.problems, entryByteCount: OffsetIndexEntry.byteCount, path, check)
  }

  private mutating func report(_ index: TimeIndexCheck, _ check: SegmentCheck) {
    let path = check.folder.file(check.baseOffset, .timeindex)
    if index.zeroTailByteCount > 0, check.isTrusted {
      problem(
        path, at: index.entries.count * TimeIndexEntry.byteCount,
        "\(index.zeroTailByteCount) bytes of zeros behind the last entry")
    }
    report(index.problems, entryByteCount: TimeIndexEntry.byteCount, path, check)
    let latest = index.entries.last?.timestampMilliseconds ?? -1
    if index.problems.isEmpty, check.isTrusted, latest < index.latestMilliseconds {
      problem(path, "its last entry is \(latest) and the latest record \(index.latestMilliseconds)")
    }
  }

  private mutating func report(
    _ problems: [Int: String], entryByteCount: Int, _ path: String, _ check: SegmentCheck
  ) {
    let ordered = problems.sorted { $0.key < $1.key }
    for (index, text) in ordered.prefix(Limits.maxIndexProblems) {
      finding(
        isTrusted: check.isTrusted, path, at: index * entryByteCount, "entry \(index): \(text)")
    }
    let rest = ordered.count - Limits.maxIndexProblems
    if rest > 0 { finding(isTrusted: check.isTrusted, path, "\(rest) more entries are wrong") }
  }

  private mutating func checkTransactions(
    _ transactions: TransactionIndexCheck, _ check: SegmentCheck
  ) throws(InspectError) {
    let path = check.folder.file(check.baseOffset, .txnindex)
    var entries: [AbortedTransaction] = []
    if check.folder.has(check.baseOffset, .txnindex) {
      let bytes = try SmallFile.contents(of: path, disk)
      do throws(FormatError) {
        entries = try IndexEntries.parse(
          bytes, byteCount: AbortedTransaction.byteCount, AbortedTransaction.init(parsing:)
        ).entries
      } catch {
        return finding(isTrusted: check.isTrusted, path, "\(error)")
      }
    }
    for (position, message) in transactions.problems(entries) {
      finding(isTrusted: check.isTrusted, path, at: position, message)
    }
  }
}
