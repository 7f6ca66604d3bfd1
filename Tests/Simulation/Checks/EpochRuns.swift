import MoldauFormat

/// The leader epochs of a replica's batches, as they were looked at one after another: what its list
/// of epochs must say (I8).
struct EpochRuns {
  typealias Entry = LeaderEpochCheckpoint.Entry

  private(set) var entries: [Entry] = []

  /// Takes a batch into account, which lies behind those before.
  mutating func add(epoch: Int32, at base: Offset) {
    if entries.last?.epoch != epoch { entries.append(Entry(epoch: epoch, startOffset: base)) }
  }

  /// Drops what lies at or behind the log's new end.
  mutating func truncate(to end: Offset) {
    entries.removeAll { $0.startOffset >= end }
  }

  /// What is wrong with the list of a log from `start` to `end`; nil when nothing is.
  func fault(of list: [Entry], start: Offset, end: Offset) -> String? {
    for (before, entry) in zip(list, list.dropFirst()) {
      guard before.epoch < entry.epoch, before.startOffset < entry.startOffset else {
        return "epoch \(entry.epoch) from \(entry.startOffset) on comes behind epoch "
          + "\(before.epoch) from \(before.startOffset) on"
      }
    }
    if let last = list.last, last.startOffset > end {
      return "epoch \(last.epoch) begins at \(last.startOffset), behind the log's end, \(end)"
    }
    // What begins at the end has no batch yet; what ended at the start has none any more.
    let told = Self.reaching(above: start, list).filter { $0.startOffset < end }
    let found = Self.reaching(above: start, entries).filter { $0.startOffset < end }
    guard told == found else {
      return "it says \(Self.name(list)), the batches from \(start) to \(end) say "
        + Self.name(found)
    }
    return nil
  }

  /// The epochs that reach above `start`, the first of them beginning there at the earliest.
  private static func reaching(above start: Offset, _ entries: [Entry]) -> [Entry] {
    let spanning = entries.lastIndex { $0.startOffset <= start } ?? 0
    return entries.dropFirst(spanning).map { entry in
      Entry(epoch: entry.epoch, startOffset: max(entry.startOffset, start))
    }
  }

  private static func name(_ entries: [Entry]) -> String {
    entries.map { "\($0.epoch) from \($0.startOffset)" }.joined(separator: ", ")
  }
}
