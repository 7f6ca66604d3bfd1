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
  /// The end of the log before the look: growth beyond it is worth another look.
  var seenEnd = Offset.zero

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
    seenEnd = log.endOffset
    do throws(LogError) {
      // An end taken before the look would only make it look harder for the place to stop.
      let limit = isCommitted ? log.lastStableOffset : Offset(rawValue: .max)
      if maxBytes > 0 || mayExceed {
        slice = try log.read(from: offset, limit: limit, maxBytes: maxBytes)
        if let found = slice, found.count > maxBytes, !mayExceed { slice = nil }
      }
      if isCommitted {
        aborted = slice == nil ? [] : try log.abortedTransactions(from: offset, to: limit)
      }
    } catch {
      self = PartitionRead(ErrorCode(error))
      return
    }
    // Taken after the look, so that nothing which was found lies above it.
    highWatermark = log.endOffset.rawValue
    lastStableOffset = log.lastStableOffset.rawValue
    logStartOffset = log.startOffset.rawValue
  }

  var byteCount: Int { slice?.count ?? 0 }
}
