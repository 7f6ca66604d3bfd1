import MoldauFormat

/// The records of a partition, one after another; what `Topic.read` and `Topic.tail` return.
///
/// Every iterator reads by itself, on threads of the store's, half a mebibyte at a time; it holds one
/// such chunk however slow its reader is, and hands records out of it without switching threads.
public struct LogRecords: AsyncSequence, Sendable {
  public typealias Element = ConsumedRecord
  public typealias Failure = LogError

  let reading: Result<LogReading, LogError>
  let isTail: Bool

  public func makeAsyncIterator() -> Iterator {
    Iterator(reading: reading, isTail: isTail)
  }

  /// Reads forward. For one task at a time.
  public struct Iterator: AsyncIteratorProtocol {
    private var reading: Result<LogReading, LogError>
    private let isTail: Bool
    private var decoder = ChunkDecoder()
    /// Decoded records, the next one last.
    private var records: [ConsumedRecord] = []
    private var isFinished = false

    init(reading: Result<LogReading, LogError>, isTail: Bool) {
      self.reading = reading
      self.isTail = isTail
    }

    /// The next record; nil at the end.
    ///
    /// - Throws: `corrupt` for damaged batches, `offsetOutOfRange` when retention has overtaken the
    ///   reader, `io`; `closed` and `cancelled` from `read`, while `tail` just ends.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(LogError) -> ConsumedRecord? {
      if let record = records.popLast() { return record }
      return try await refill(isolation: actor)
    }

    public mutating func next() async throws(LogError) -> ConsumedRecord? {
      try await next(isolation: nil)
    }

    private mutating func refill(
      isolation actor: isolated (any Actor)?
    ) async throws(LogError) -> ConsumedRecord? {
      guard !isFinished else { return nil }
      do throws(LogError) {
        while records.isEmpty {
          if decoder.isDone, try await !readChunk(isolation: actor) {
            isFinished = true
            return nil
          }
          try decode()
        }
      } catch {
        isFinished = true
        // A close that comes while a chunk is read ends a tail as one that comes while it waits.
        if isTail && error == .closed { return nil }
        throw error
      }
      return records.popLast()
    }

    private mutating func decode() throws(LogError) {
      var reading = try reading.get()
      var next = try reading.resolvedStart()
      try decoder.decode(reading, &next, into: &records)
      records.reverse()
      reading.advance(to: next)
      self.reading = .success(reading)
    }

    /// Gets the next chunk, waiting for one when tailing; returns false at the end.
    private mutating func readChunk(
      isolation actor: isolated (any Actor)?
    ) async throws(LogError) -> Bool {
      while true {
        if Task.isCancelled {
          if isTail { return false }
          throw .cancelled
        }
        var reading = try reading.get()
        let end = reading.log.endOffset
        let isClosed = reading.log.isClosed
        if reading.next.map({ $0 < reading.readableEnd }) ?? true {
          let wanted = reading
          let (chunk, start) = try await reading.log.services.readers.run { () throws(LogError) in
            try wanted.readChunk(maxBytes: Limits.readChunkBytes)
          }
          reading.advance(to: start)
          self.reading = .success(reading)
          if let chunk {
            decoder.take(chunk)
            return true
          }
        }
        guard isTail, !isClosed else { return false }
        await reading.log.waitForEnd(past: end)
      }
    }
  }
}

extension PartitionLog {
  /// Suspends until the end offset is past `offset`, the log is closed, or the task is cancelled.
  func waitForEnd(past offset: Offset) async {
    let wakening = Wakening()
    let observer = whenEnd(passes: offset) { wakening.fire() }
    // Closing tells those who wait; it may have come before this one did.
    if isClosed { wakening.fire() }
    await wakening.wait()
    observer.cancel()
  }
}
