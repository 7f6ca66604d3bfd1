import MoldauFormat
import MoldauLog
import MoldauProtocol

/// What one look at a partition found for a fetch.
struct PartitionRead {
  var errorCode = ErrorCode.none
  var slice: LogSlice?
  var highWatermark: Int64 = -1
  var lastStableOffset: Int64 = -1
  var logStartOffset: Int64 = -1
  /// Of a read_committed fetch.
  var aborted: [AbortedTransaction]?
  /// The epoch at which the client's log went another way, if it did (KIP-595).
  var diverging: (epoch: Int32, end: Offset)?
  /// Up to where records could be read before the look: growth beyond it is worth another look.
  var seenEnd = Offset.zero
  /// Where the log was written to before the look.
  private var seenPosition: (segment: Offset, byteCount: Int) = (.zero, 0)

  init(_ code: ErrorCode = .none) {
    errorCode = code
  }

  /// Looks for batches of at most `maxBytes`, or one larger batch when `mayExceed`.
  ///
  /// HOT: once per fetched partition.
  init(
    _ wanted: FetchRequest.Partition, from partition: Partition, isCommitted: Bool, maxBytes: Int,
    mayExceed: Bool
  ) {
    self.init()
    if let code = partition.refusal(ofEpoch: wanted.currentLeaderEpoch) {
      errorCode = code
      return
    }
    let log = partition.log
    let offset = Offset(rawValue: wanted.fetchOffset)
    seenPosition = log.writePosition
    seenEnd = partition.highWatermark
    do throws(LogError) {
      try checkHistory(wanted, partition)
      guard diverging == nil else {
        note(partition)
        return
      }
      let limit = Self.limit(partition, isCommitted: isCommitted)
      if maxBytes > 0 || mayExceed {
        slice = try log.read(from: offset, limit: limit, maxBytes: maxBytes)
        if let found = slice, found.count > maxBytes, !mayExceed { slice = nil }
      }
      if isCommitted {
        aborted = slice == nil ? [] : try log.abortedTransactions(from: offset, to: limit)
      }
    } catch {
      self = PartitionRead(ErrorCode(error))
      seenEnd = partition.highWatermark
      return
    }
    // Taken after the look, so that nothing which was found lies above it.
    note(partition)
  }

  /// Below which records can be read (rule 9). What lies between the high watermark and the log's end
  /// is not there yet.
  private static func limit(_ partition: Partition, isCommitted: Bool) -> Offset {
    guard partition.replica != nil else {
      // An end taken before the look would only make it look harder for the place to stop.
      return isCommitted ? partition.log.lastStableOffset : Offset(rawValue: .max)
    }
    let watermark = partition.highWatermark
    return isCommitted ? min(partition.log.lastStableOffset, watermark) : watermark
  }

  /// Takes down where the partition's offsets are.
  mutating func note(_ partition: Partition) {
    let watermark = partition.highWatermark
    highWatermark = watermark.rawValue
    lastStableOffset = min(partition.log.lastStableOffset, watermark).rawValue
    logStartOffset = partition.log.startOffset.rawValue
  }

  /// Sees whether the batches that the client has are this log's: those of its last epoch must go on
  /// up to the offset that it asks for.
  private mutating func checkHistory(
    _ wanted: FetchRequest.Partition, _ partition: Partition
  ) throws(LogError) {
    guard wanted.lastFetchedEpoch >= 0 else { return }
    let log = partition.log
    guard let known = partition.end(ofEpoch: wanted.lastFetchedEpoch) else {
      throw .offsetOutOfRange(
        offset: Offset(rawValue: wanted.fetchOffset), first: log.startOffset, next: log.endOffset)
    }
    guard known.epoch < wanted.lastFetchedEpoch || known.end.rawValue < wanted.fetchOffset else {
      return
    }
    diverging = known
  }

  /// At most how many bytes a new look would find, judging by what the log has grown.
  func estimate(_ partition: Partition) -> Int {
    // What has become visible may have been written before.
    guard partition.replica == nil else { return .max }
    let position = partition.log.writePosition
    guard position.segment == seenPosition.segment, position.byteCount >= seenPosition.byteCount
    else { return .max }
    return byteCount + position.byteCount - seenPosition.byteCount
  }

  var byteCount: Int { slice?.count ?? 0 }
}
