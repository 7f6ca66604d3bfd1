import MoldauCluster
import MoldauFormat
import MoldauLog
import MoldauProtocol

/// What one look at a partition found for a follower.
struct ReplicaRead {
  private(set) var read: PartitionRead
  /// Whether there is more for the follower than the answer has room for.
  private(set) var hasMore = false

  init(_ code: ErrorCode) {
    read = PartitionRead(code)
  }

  /// Looks for batches of at most `maxBytes`, or one larger batch when `mayExceed`, up to the log's
  /// end: a follower gets what is not committed yet.
  ///
  /// HOT: once per partition that a follower's fetch names, or that has something new for it.
  /// - Parameter fetcher: who has all below the fetch offset, when that is news for the leader.
  init(
    _ wanted: FetchRequest.Partition, from partition: Partition, _ replica: Replica,
    by fetcher: Replica.Fetcher?, maxBytes: Int, mayExceed: Bool, _ rules: ReplicationRules
  ) {
    self.init(.none)
    if let code = replica.refusal(ofEpoch: wanted.currentLeaderEpoch, isFollower: true) {
      read.errorCode = code
      return
    }
    guard let epoch = replica.followedEpoch else {
      read.errorCode = .notLeaderOrFollower
      return
    }
    let log = partition.log
    let offset = Offset(rawValue: wanted.fetchOffset)
    read.seenEnd = log.endOffset
    do throws(LogError) {
      read.diverging = try Self.divergence(wanted, partition, epoch, rules)
      guard read.diverging == nil else {
        read.note(partition)
        return
      }
      let (start, end) = (log.startOffset, log.endOffset)
      if !rules.contains(.truncateByEpoch), offset > end {
        // Nobody tells the follower where to cut; it has cut to its high watermark.
        read = PartitionRead(.offsetNotAvailable)
        return
      }
      guard offset >= start, offset <= end else {
        throw .offsetOutOfRange(offset: offset, first: start, next: end)
      }
      if let fetcher {
        let code = replica.noteFetch(
          by: fetcher, at: offset, start: Offset(rawValue: wanted.logStartOffset),
          currentEpoch: wanted.currentLeaderEpoch, inEpoch: epoch)
        if let code {
          read = PartitionRead(code)
          return
        }
      }
      if offset < read.seenEnd, maxBytes > 0 || mayExceed {
        let slice = try log.read(from: offset, limit: Offset(rawValue: .max), maxBytes: maxBytes)
        if let slice, slice.count <= maxBytes || mayExceed { read.slice = slice }
      }
      hasMore = offset < read.seenEnd && read.slice == nil
    } catch {
      read = PartitionRead(ErrorCode(error))
      // A follower that is out of range begins anew at the log's start.
      if read.errorCode == .offsetOutOfRange { read.note(partition) }
      return
    }
    read.note(partition)
  }

  /// Where the follower's log goes another way than this one (rule 11); nil when it does not.
  ///
  /// - Throws: `offsetOutOfRange` when the log knows no epoch of the follower's.
  private static func divergence(
    _ wanted: FetchRequest.Partition, _ partition: Partition, _ epoch: Int32,
    _ rules: ReplicationRules
  ) throws(LogError) -> (epoch: Int32, end: Offset)? {
    guard rules.contains(.truncateByEpoch), wanted.lastFetchedEpoch >= 0 else { return nil }
    let log = partition.log
    guard var known = log.endOffset(ofEpoch: min(wanted.lastFetchedEpoch, epoch)) else {
      // A log without records in which an earlier epoch began goes no other way than this one.
      let isEmpty = wanted.logStartOffset == wanted.fetchOffset
      if isEmpty, wanted.fetchOffset == log.startOffset.rawValue { return nil }
      throw .offsetOutOfRange(
        offset: Offset(rawValue: wanted.fetchOffset), first: log.startOffset, next: log.endOffset)
    }
    if !rules.contains(.epochWithEndOffset) { known.epoch = wanted.lastFetchedEpoch }
    guard known.epoch < wanted.lastFetchedEpoch || known.end.rawValue < wanted.fetchOffset else {
      return nil
    }
    return known
  }

  /// Where the log ended before the look.
  var seenEnd: Offset { read.seenEnd }

  var errorCode: ErrorCode { read.errorCode }

  var byteCount: Int { read.byteCount }

  /// Whether the follower has something to do before it is told more.
  var makesRest: Bool { read.slice != nil || read.errorCode != .none || read.diverging != nil }

  /// Whether the follower is to be told of it.
  func isNews(to slot: ReplicaSessionState.Slot) -> Bool {
    makesRest || isUrgent(to: slot) || read.highWatermark > slot.toldHighWatermark
  }

  /// Whether it is not to wait for more. A higher high watermark is
  /// (docs/decisions/replica-fetchers.md).
  func isUrgent(to slot: ReplicaSessionState.Slot) -> Bool {
    read.errorCode != .none || read.diverging != nil
      || read.logStartOffset > max(slot.toldLogStart, slot.wanted.logStartOffset)
  }
}
