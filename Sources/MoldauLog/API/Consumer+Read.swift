import MoldauFormat
import Synchronization

extension Consumer {
  /// The next records of one of the partitions, which take turns; waits until there are some.
  ///
  /// Returns nil when the task is cancelled or the store is closed.
  ///
  /// - Parameters:
  ///   - maxRecords: at most this many records; 1 or more.
  ///   - maxBytes: the most bytes that are read from the log for the batch, but at least one of the
  ///     log's batches.
  /// - Throws: `offsetOutOfRange` when retention has taken records that the group had not read: say
  ///   with `seek` where to go on. `corrupt`, `io`.
  public func nextBatch(
    maxRecords: Int = 1000, maxBytes: Int = 1 << 20
  ) async throws(LogError) -> ConsumerBatch? {
    precondition(maxRecords > 0, "a batch has records")
    beginReading()
    defer { state.withLock { $0.isReading = false } }
    do throws(LogError) {
      return try await awaitBatch(maxRecords: maxRecords, maxBytes: maxBytes)
    } catch .closed {
      // The close came while a chunk was read.
      return nil
    }
  }

  private func awaitBatch(maxRecords: Int, maxBytes: Int) async throws(LogError) -> ConsumerBatch? {
    while !Task.isCancelled {
      let (readings, turn) = state.withLock { ($0.readings, $0.turn) }
      let ends = readings.map(\.log.endOffset)
      let isClosed = readings.contains { $0.log.isClosed }
      for step in readings.indices {
        let index = (turn + step) % readings.count
        let reading = readings[index]
        if let next = reading.next, next >= reading.readableEnd { continue }
        let (batch, after) = try await topic.services.readers.run { () throws(LogError) in
          try reading.readRecords(maxRecords: maxRecords, maxBytes: maxBytes)
        }
        state.withLock { state in
          state.readings[index] = after
          state.turn = (index + 1) % readings.count
        }
        if let batch { return batch }
      }
      if isClosed { return nil }
      await waitForAny(readings, past: ends)
    }
    return nil
  }

  /// The batches, one after another, until the task is cancelled or the store is closed.
  public func batches(maxRecords: Int = 1000, maxBytes: Int = 1 << 20) -> ConsumerBatches {
    ConsumerBatches(consumer: self, maxRecords: maxRecords, maxBytes: maxBytes)
  }

  /// Goes on elsewhere in a partition. Commits nothing; not while a batch is awaited.
  public func seek(to start: ReadStart, partition: Int) throws(LogError) {
    guard let index = partitions.firstIndex(of: partition) else {
      throw .unknownPartition(
        TopicPartition(topic: topic.name, partition: Int32(clamping: partition)))
    }
    beginReading()
    state.withLock { state in
      let old = state.readings[index]
      state.readings[index] = LogReading(
        old.log, from: start, limit: old.limit, isolation: old.isolation)
      state.isReading = false
    }
  }

  private func beginReading() {
    let isBusy = state.withLock { state in
      defer { state.isReading = true }
      return state.isReading
    }
    precondition(!isBusy, "one task at a time reads from a consumer")
  }

  private func waitForAny(_ readings: [LogReading], past ends: [Offset]) async {
    let wakening = Wakening()
    var observers: [AppendObserver] = []
    for (reading, end) in zip(readings, ends) {
      observers.append(reading.log.whenEnd(passes: end) { wakening.fire() })
      if reading.log.isClosed { wakening.fire() }
    }
    await wakening.wait()
    for observer in observers { observer.cancel() }
  }
}

extension LogReading {
  /// Reads records for a batch and returns where to go on. Waits for the disk.
  func readRecords(
    maxRecords: Int, maxBytes: Int
  ) throws(LogError) -> (batch: ConsumerBatch?, after: LogReading) {
    var after = self
    while true {
      let (chunk, start) = try after.readChunk(maxBytes: maxBytes)
      after.advance(to: start)
      guard let chunk else { return (nil, after) }
      var decoder = ChunkDecoder()
      decoder.take(chunk)
      var records: [ConsumedRecord] = []
      var next = start
      while !decoder.isDone && records.isEmpty {
        try decoder.decode(after, &next, into: &records, minCount: maxRecords)
      }
      if records.count > maxRecords {
        records.removeLast(records.count - maxRecords)
        next = records[maxRecords - 1].offset.advanced(by: 1)
      }
      after.advance(to: next)
      // A chunk may hold nothing but markers and aborted transactions.
      if records.isEmpty { continue }
      let partition = Int(log.identity.partition)
      return (
        ConsumerBatch(partition: partition, records: records, nextOffset: next), after
      )
    }
  }
}
