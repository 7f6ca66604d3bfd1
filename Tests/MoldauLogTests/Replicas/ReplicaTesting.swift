import MoldauDisk
import MoldauFormat

@testable import MoldauLog

// What the tests of replicas' logs share.

/// Opens a store of replicas without a maintenance thread.
func openReplicaStore(
  _ disk: SimulatedDisk, clock: any WallClock = ModelClock(), threads: StoreThreads = .own
) throws(LogError) -> LogStore {
  var configuration = StoreConfiguration(
    recoveryThreadCount: 1, journalBytes: 64 << 10, checkpointInterval: .zero)
  configuration.runsMaintenance = false
  configuration.isReplicated = true
  configuration.threads = threads
  return try LogStore.open(at: "/store", configuration, disk: disk, clock: clock)
}

let replicaTopicID = TopicID(high: 0x1234_5678_9ABC_4DEF, low: 0x8123_4567_89AB_CDEF)

extension LogStore {
  /// A topic of one partition, which is here.
  func makeReplica(_ configuration: TopicConfiguration = TopicConfiguration(retention: []))
    throws -> PartitionLog
  {
    try createTopic("orders", id: replicaTopicID, hosting: [0], of: 1, configuration).partitions[0]
  }

  var replica: PartitionLog? { existingTopic("orders")?.log(ofPartition: 0) }
}

/// A leader's log as far as a follower sees it: what it has, and what it answers (rules 4, 11).
struct ModelLeader {
  private(set) var batches: [ModelBatch] = []
  private(set) var start = Offset.zero
  private(set) var end = Offset.zero
  private(set) var epoch: Int32 = 0
  /// Where the epochs began.
  private var epochs: [(epoch: Int32, start: Offset)] = [(0, .zero)]

  enum Answer: Equatable {
    case records([UInt8])
    case diverging(epoch: Int32, end: Offset)
    case outOfRange
  }

  mutating func append(_ batch: ModelBatch) {
    var batch = batch
    batch.stamp(baseOffset: end, leaderEpoch: epoch)
    batches.append(batch)
    end = batch.nextOffset
  }

  /// Leaves out offsets, as compaction does.
  mutating func skip(_ count: Int64) {
    end = end.advanced(by: count)
  }

  /// Another broker leads, which lacks the batches from one on.
  mutating func change(droppingLast count: Int, to epoch: Int32) {
    if count > 0 {
      batches.removeLast(min(count, batches.count))
      end = batches.last?.nextOffset ?? start
      start = min(start, end)
    }
    epochs.removeAll { $0.start >= end }
    self.epoch = epoch
    epochs.append((epoch, end))
  }

  /// Deletes the records below an offset; a batch that holds it stays.
  mutating func deleteRecords(before offset: Offset) {
    start = max(start, offset)
    batches.removeAll { $0.nextOffset <= start }
  }

  /// Goes on with a log that is empty at another offset.
  mutating func restart(at offset: Offset, epoch: Int32) {
    batches = []
    (start, end, self.epoch) = (offset, offset, epoch)
    epochs = [(epoch, offset)]
  }

  func answer(fetchOffset: Offset, lastEpoch: Int32, maxBytes: Int) -> Answer {
    if fetchOffset < start || fetchOffset > end {
      if lastEpoch < 0 || epochs.allSatisfy({ $0.epoch > lastEpoch }) { return .outOfRange }
    }
    if lastEpoch >= 0 {
      guard let index = epochs.lastIndex(where: { $0.epoch <= lastEpoch }) else {
        return .diverging(epoch: -1, end: start)
      }
      let epochEnd = index + 1 < epochs.count ? epochs[index + 1].start : end
      if epochs[index].epoch < lastEpoch || epochEnd < fetchOffset {
        return .diverging(epoch: epochs[index].epoch, end: epochEnd)
      }
    }
    guard fetchOffset >= start, fetchOffset <= end else { return .outOfRange }
    var bytes: [UInt8] = []
    for batch in batches where batch.nextOffset > fetchOffset {
      // The last one may be cut anywhere, but for the first.
      if bytes.isEmpty { bytes = batch.bytes } else { bytes += batch.bytes }
      if bytes.count >= maxBytes { break }
    }
    let first = batches.first { $0.nextOffset > fetchOffset }?.bytes.count ?? 0
    return .records(Array(bytes.prefix(max(maxBytes, first))))
  }

  /// Whether a log has what this one has, from the later of the starts on.
  func check(_ log: PartitionLog) throws {
    let found = try log.modelBatches()
    let from = max(start, log.startOffset)
    let expected = batches.filter { $0.nextOffset > from }
    try hold(found.filter { $0.nextOffset > from } == expected, "other batches than the leader's")
    try hold(log.endOffset == end, "ends at \(log.endOffset), the leader's at \(end)")
    try LogAgreement(log: log, batches: found).check()
  }
}

extension PartitionLog {
  /// Does one fetch as a follower; returns whether it has come to the leader's end. Calls `willCut`
  /// before the log is cut, with what stays.
  func fetch(
    from leader: ModelLeader, maxBytes: Int, willCut: (Offset) -> Void = { _ in }
  ) throws(LogError) -> Bool {
    let epoch = leader.epoch
    let position = epochAndEnd
    switch leader.answer(
      fetchOffset: position.end, lastEpoch: position.latestEpoch, maxBytes: maxBytes)
    {
    case .records(let bytes):
      _ = try unsafe appendFromLeader(bytes.span.bytes, at: position.end, epoch: epoch)
      if leader.start > startOffset {
        do throws(LogError) { try raiseStart(to: leader.start, epoch: epoch) } catch {
          guard case .offsetOutOfRange = error else { throw error }
        }
      }
      return epochAndEnd.end == leader.end
    case .diverging(let divergingEpoch, let end):
      let target = truncationOffset(ofDivergingEpoch: divergingEpoch, end: end)
      // A batch in which it lies goes as a whole.
      let kept = try target < startOffset ? .zero : locate(target)?.header.baseOffset ?? target
      willCut(min(kept, target))
      try truncate(to: target, epoch: epoch)
      return false
    case .outOfRange:
      willCut(.zero)
      try reset(to: leader.start, epoch: epoch)
      return false
    }
  }
}
