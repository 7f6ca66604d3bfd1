import MoldauFormat

/// The leader epochs of a partition's batches and where each began (KIP-101).
///
/// Part of a log's append state, which guards it. INVARIANT: epochs and start offsets both strictly
/// increase. File format: docs/format/leader-epoch-checkpoint.md.
struct LeaderEpochs: Sendable {
  private(set) var entries: [LeaderEpochCheckpoint.Entry]
  /// Whether the entries differ from the file's.
  var needsCheckpoint = false

  init(_ checkpoint: LeaderEpochCheckpoint = LeaderEpochCheckpoint()) {
    entries = checkpoint.entries
  }

  var latest: Int32? { entries.last?.epoch }

  /// Notes that the batches from `startOffset` on have `epoch`.
  mutating func note(_ epoch: Int32, from startOffset: Offset) {
    guard epoch >= 0, epoch > latest ?? -1 else { return }
    // An epoch that began where this one does has no batches.
    while let last = entries.last, last.startOffset >= startOffset { entries.removeLast() }
    entries.append(.init(epoch: epoch, startOffset: startOffset))
    needsCheckpoint = true
  }

  /// The offset at which the epoch after the greatest one at or below `epoch` began, with that epoch;
  /// `end` stands for the end of the latest. `nil` when all epochs are above.
  func end(of epoch: Int32, logEnd: Offset) -> (epoch: Int32, end: Offset)? {
    guard let index = entries.lastIndex(where: { $0.epoch <= epoch }) else { return nil }
    let next = index + 1 < entries.count ? entries[index + 1].startOffset : logEnd
    return (entries[index].epoch, next)
  }

  /// The offset at which this log's records of the greatest epoch at or below `epoch` end; where those
  /// of later epochs begin when there is no such epoch.
  func ownEnd(of epoch: Int32, logEnd: Offset) -> Offset {
    entries.first { $0.epoch > epoch }?.startOffset ?? logEnd
  }

  /// The epoch of the batch at `offset`.
  func epoch(at offset: Offset) -> Int32? {
    entries.last { $0.startOffset <= offset }?.epoch
  }

  /// The last epoch that began before `offset`.
  func lastEpoch(before offset: Offset) -> Int32? {
    entries.last { $0.startOffset < offset }?.epoch
  }

  /// Drops what lies at or behind the log's new end.
  mutating func truncate(to end: Offset) {
    let count = entries.count
    entries.removeAll { $0.startOffset >= end }
    if entries.count != count { needsCheckpoint = true }
  }

  /// Drops epochs that ended at or before the log's new start; the one that spans it begins there.
  mutating func advanceStart(to start: Offset) {
    guard let spanning = entries.lastIndex(where: { $0.startOffset <= start }) else { return }
    guard spanning > 0 || entries[0].startOffset < start else { return }
    entries.removeFirst(spanning)
    entries[0].startOffset = start
    needsCheckpoint = true
  }

  var checkpoint: LeaderEpochCheckpoint { LeaderEpochCheckpoint(entries: entries) }
}
