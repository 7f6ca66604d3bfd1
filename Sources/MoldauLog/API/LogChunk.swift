import MoldauFormat

/// Whole batches of a partition's log in memory.
struct LogChunk: Sendable {
  let bytes: [UInt8]
  /// Where the bytes came from, for reports of damage.
  let path: String
  let position: Int
  /// The transactions that were aborted among these batches; empty where nobody asks.
  let aborted: [AbortedTransaction]
}

/// What a reader reads: one partition's records from `next` on.
struct LogReading: Sendable {
  let log: PartitionLog
  let isolation: ReadIsolation
  /// Nothing at or above it is read.
  let limit: Offset
  private(set) var start: ReadStart
  /// The offset of the next record, once `start` was found.
  private(set) var next: Offset?

  init(_ log: PartitionLog, from start: ReadStart, limit: Offset, isolation: ReadIsolation) {
    self.log = log
    self.isolation = isolation
    self.limit = limit
    self.start = start
    switch start {
    case .latest: next = log.endOffset
    case .offset(let offset): next = offset
    case .earliest, .time: next = nil
    }
  }

  /// The end of what may be read now.
  var readableEnd: Offset {
    min(limit, isolation == .readCommitted ? log.lastStableOffset : log.endOffset)
  }

  mutating func advance(to offset: Offset) {
    next = offset
    start = .offset(offset)
  }

  /// Finds where to begin. May wait for the disk.
  func resolvedStart() throws(LogError) -> Offset {
    if let next { return next }
    switch start {
    case .earliest: return log.startOffset
    case .latest: return log.endOffset
    case .offset(let offset): return offset
    case .time(let timestamp):
      return try log.firstOffset(atOrAfter: timestamp)?.offset ?? log.endOffset
    }
  }

  /// Reads the next batches; nil when there are none now. Waits for the disk.
  func readChunk(maxBytes: Int) throws(LogError) -> (chunk: LogChunk?, start: Offset) {
    var offset = try resolvedStart()
    let slice: LogSlice?
    do throws(LogError) {
      slice = try log.read(from: offset, limit: readableEnd, maxBytes: maxBytes)
    } catch .offsetOutOfRange where start == .earliest {
      // Retention has moved the start since it was looked up.
      offset = log.startOffset
      slice = try log.read(from: offset, limit: readableEnd, maxBytes: maxBytes)
    }
    guard let slice else { return (nil, offset) }
    let aborted =
      isolation == .readCommitted
      ? try log.abortedTransactions(from: slice.baseOffset, to: readableEnd) : []
    let chunk = LogChunk(
      bytes: try slice.copyBytes(), path: slice.file.path, position: slice.position,
      aborted: aborted)
    return (chunk, offset)
  }
}
