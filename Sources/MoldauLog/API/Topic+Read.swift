import MoldauFormat

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

  private func reading(
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
