public import MoldauFormat

/// Stands for a record that `enqueue` has appended and that becomes durable on its own.
///
/// Letting it go loses nothing; awaiting it tells when the record survives what the durability says.
public struct AppendTicket: Sendable {
  /// Where the record is.
  public let offset: Offset
  /// The partition that the record went to.
  public let partition: Int
  let log: PartitionLog
  let plan: AppendPlan

  /// Returns when the record is as durable as was asked for: at once for `buffered`.
  ///
  /// Cancelling the task does not end the wait, which is bounded by the device.
  /// - Throws: `poisoned` when the sync has failed, `closed` when the store was closed before it
  ///   could tell.
  public func durable() async throws(LogError) {
    guard !plan.isBuffered, log.durableOffset <= offset else { return }
    try await log.awaitDurable(below: offset.advanced(by: 1), plan, reserved: 0)
  }

  /// As `durable`, holding up the calling thread.
  public func waitUntilDurable() throws(LogError) {
    guard !plan.isBuffered, log.durableOffset <= offset else { return }
    try log.waitUntilDurable(below: offset.advanced(by: 1), plan, reserved: 0)
  }
}
