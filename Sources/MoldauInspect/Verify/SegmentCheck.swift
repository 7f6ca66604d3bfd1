import MoldauFormat

/// One segment to be checked.
struct SegmentCheck {
  let folder: PartitionFolder
  let baseOffset: Offset
  let nextBaseOffset: Offset?
  /// Whether the next opening takes the segment's derived files as they are.
  let isTrusted: Bool
  let wasClosedCleanly: Bool
  /// Whether the log should have a batch for each offset.
  let isGapless: Bool
  /// Where the segment before this one ended, if there is one.
  let previousEnd: Offset?

  var logPath: String { folder.file(baseOffset, .log) }
}

/// Holds a segment's transaction index against the aborts in its log.
struct TransactionIndexCheck {
  private var aborted: [Offset: AbortedTransaction] = [:]
  private var markers: [Offset: Int64] = [:]

  /// Takes a batch with a marker into account; `transaction` is what it aborted, where that is known.
  mutating func add(
    _ header: RecordBatchHeader, _ control: ControlRecord, _ transaction: AbortedTransaction?
  ) {
    guard control.kind == .abort else { return }
    markers[header.lastOffset] = header.producerID
    if let transaction { aborted[header.lastOffset] = transaction }
  }

  var isEmpty: Bool { aborted.isEmpty }

  /// What is wrong with the entries, each with its position in the file.
  func problems(_ entries: [AbortedTransaction]) -> [(position: Int?, message: String)] {
    var problems: [(Int?, String)] = []
    for (index, entry) in entries.enumerated() {
      let position = index * AbortedTransaction.byteCount
      if markers[entry.lastOffset] != entry.producerID {
        problems.append(
          (position, "no abort of producer \(entry.producerID) at \(entry.lastOffset)"))
      } else if let known = aborted[entry.lastOffset], entry.firstOffset > known.firstOffset {
        problems.append((position, "the transaction begins at \(known.firstOffset) already"))
      }
    }
    let listed = Set(entries.map(\.lastOffset))
    for missing in aborted.values.sorted(by: { $0.lastOffset < $1.lastOffset })
    where !listed.contains(missing.lastOffset) {
      problems.append(
        (nil, "the abort of producer \(missing.producerID) at \(missing.lastOffset) is missing"))
    }
    return problems
  }
}
