public import MoldauFormat

extension Topic {
  /// The records from `start` to the end of the log as of this call.
  ///
  ///     for try await record in orders.read(from: .earliest) { use(record) }
  ///
  /// Nothing is read before the iteration begins, whose first step throws what is wrong with the
  /// arguments. Retention may take records that a slow reader has not come to: `offsetOutOfRange`
  /// then says which offsets are left.
  public func read(
    from start: ReadStart, partition: Int? = nil, isolation: ReadIsolation = .readUncommitted
  ) -> LogRecords {
    LogRecords(
      reading: reading(from: start, partition, isolation, isBounded: true), isTail: false)
  }

  /// The records from `start` on and all that come later, until the task is cancelled or the store
  /// is closed.
  ///
  ///     for try await record in orders.tail(from: .latest) { push(record) }
  ///
  /// Waits without polling. `.latest` is the end of the log as of this call. A reader that falls
  /// behind costs no memory; when retention overtakes it, it gets `offsetOutOfRange`.
  public func tail(
    from start: ReadStart, partition: Int? = nil, isolation: ReadIsolation = .readUncommitted
  ) -> LogRecords {
    LogRecords(
      reading: reading(from: start, partition, isolation, isBounded: false), isTail: true)
  }

  /// Calls `body` with each record from `start` to the end of the log as of this call, where it lies:
  /// nothing is copied or allocated for a record.
  ///
  ///     let next = try orders.scan(from: .earliest, maxBytes: 8 << 20) { view in
  ///       if let value = view.value { sum += value.byteCount }
  ///     }
  ///
  /// Returns the offset to go on from. Stops before the batches that it has read would exceed
  /// `maxBytes`, but reads at least one. Blocks the calling thread while the disk is read.
  /// - Throws: `corrupt` when a batch is damaged, after the records before it; `offsetOutOfRange`.
  @inlinable
  @discardableResult
  public func scan(
    from start: ReadStart, partition: Int? = nil, maxBytes: Int = .max,
    isolation: ReadIsolation = .readUncommitted, _ body: (borrowing RecordView) -> Void
  ) throws(LogError) -> Offset {
    var batches = try batches(from: start, partition, isolation, maxBytes: maxBytes)
    let first = batches.firstOffset
    while try batches.next() {
      do throws(FormatError) {
        // SAFETY: the bytes stay valid until the next step, and the reader ends before it.
        var reader = unsafe RecordReader(batches.records.bytes, batches.header)
        while let record = try reader.next() {
          if record.offset >= first { body(record) }
        }
      } catch {
        throw batches.damage(error)
      }
    }
    return batches.nextOffset
  }

  @usableFromInline
  func batches(
    from start: ReadStart, _ partition: Int?, _ isolation: ReadIsolation, maxBytes: Int
  ) throws(LogError) -> BatchScan {
    let reading = try reading(from: start, partition, isolation, isBounded: true).get()
    return try BatchScan.begin(reading, maxBytes: maxBytes)
  }

  func reading(
    from start: ReadStart, _ partition: Int?, _ isolation: ReadIsolation, isBounded: Bool
  ) -> Result<LogReading, LogError> {
    do throws(LogError) {
      let log = try log(of: partition)
      let limit = isBounded ? log.endOffset : Offset(rawValue: .max)
      return .success(LogReading(log, from: start, limit: limit, isolation: isolation))
    } catch {
      return .failure(error)
    }
  }
}
