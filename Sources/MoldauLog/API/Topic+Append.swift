public import MoldauFormat

extension Topic {
  /// Appends a record and returns its offset once it is as durable as asked for.
  ///
  /// The partition is the one that is named, else the one that Kafka's clients choose for the key,
  /// else each in turn. Durability is the call's, else the topic's, else the store's. Waits while
  /// `StoreConfiguration.maxPendingBytes` wait to become durable; a `buffered` append does not.
  ///
  /// Cancelling never loses or doubles an append: a task that is cancelled before the record was
  /// written gets `cancelled` and nothing is written; after that the append goes on to its end and
  /// returns.
  /// - Throws: `batchTooLarge`, `invalidBatch`, `unknownPartition`, `diskFull` and `cancelled` when
  ///   nothing was appended; `poisoned` when it is not known to be durable; `closed`.
  /// - Complexity: O(bytes). A buffered append of a topic without compression takes one lock, never
  ///   suspends, and allocates nothing.
  @discardableResult
  public func append(
    _ record: Record, partition: Int? = nil, durability: Durability? = nil
  ) async throws(LogError) -> Offset {
    if Task.isCancelled { throw .cancelled }
    let log = try log(for: record.key, partition)
    let plan = plan.with(durability)
    if plan.isBuffered { return try log.append(record, plan).baseOffset }
    let reserved = record.maxBatchByteCount
    try await services.commits.pendingBytes.awaitRoom(reserved)
    let appended = try releasing(reserved) { () throws(LogError) in
      try log.append(record, plan)
    }
    try await log.awaitDurable(
      below: appended.lastOffset.advanced(by: 1), plan, reserved: reserved)
    return appended.baseOffset
  }

  /// Appends records as one batch, all or none of them, and returns their offsets once they are as
  /// durable as asked for.
  ///
  /// All go to one partition: the one that is named, else the one of their keys. In everything else
  /// as `append` of one record.
  /// - Throws: as `append`; `invalidBatch` too when the keys belong to different partitions and none
  ///   is named.
  @discardableResult
  public func append(
    contentsOf records: [Record], partition: Int? = nil, durability: Durability? = nil
  ) async throws(LogError) -> Range<Offset> {
    if Task.isCancelled { throw .cancelled }
    let log = try log(for: records, partition)
    if records.isEmpty { return log.endOffset..<log.endOffset }
    let plan = plan.with(durability)
    let batch = try EncodedBatch(records, codec: plan.codec, log)
    if plan.isBuffered { return try log.append(batch).offsets }
    let reserved = batch.header.batchByteCount
    try await services.commits.pendingBytes.awaitRoom(reserved)
    let appended = try releasing(reserved) { () throws(LogError) in try log.append(batch) }
    try await log.awaitDurable(
      below: appended.lastOffset.advanced(by: 1), plan, reserved: reserved)
    return appended.offsets
  }

  /// Appends a record without waiting for anything; it becomes durable on its own, and the ticket
  /// tells when.
  ///
  /// Callable from anywhere. The record is in the log when this returns, so later appends of this
  /// caller come behind it.
  /// - Throws: `backpressure` when too many bytes wait to become durable; else as `append`.
  @discardableResult
  public func enqueue(
    _ record: Record, partition: Int? = nil, durability: Durability? = nil
  ) throws(LogError) -> AppendTicket {
    let log = try log(for: record.key, partition)
    let plan = plan.with(durability)
    let appended: AppendedBatch
    if plan.isBuffered {
      appended = try log.append(record, plan)
    } else {
      let reserved = record.maxBatchByteCount
      guard services.commits.pendingBytes.reserve(reserved) else {
        throw .backpressure(limit: services.commits.pendingBytes.limit)
      }
      appended = try releasing(reserved) { () throws(LogError) in try log.append(record, plan) }
      log.requestDurable(
        below: appended.lastOffset.advanced(by: 1), plan, reserved: reserved)
    }
    return AppendTicket(
      offset: appended.baseOffset, partition: Int(log.identity.partition), log: log, plan: plan)
  }

  // MARK: Synchronous

  /// As `append`, on the calling thread, which waits where the other suspends.
  ///
  /// For threads of your own; do not call it from a task unless the durability is `buffered`.
  @discardableResult
  public func appendBlocking(
    _ record: Record, partition: Int? = nil, durability: Durability? = nil
  ) throws(LogError) -> Offset {
    let log = try log(for: record.key, partition)
    let plan = plan.with(durability)
    if plan.isBuffered { return try log.append(record, plan).baseOffset }
    let reserved = record.maxBatchByteCount
    try services.commits.waitForRoom(reserved)
    let appended = try releasing(reserved) { () throws(LogError) in
      try log.append(record, plan)
    }
    try log.waitUntilDurable(
      below: appended.lastOffset.advanced(by: 1), plan, reserved: reserved)
    return appended.baseOffset
  }

  /// As `append(contentsOf:)`, on the calling thread, which waits where the other suspends.
  @discardableResult
  public func appendBlocking(
    contentsOf records: [Record], partition: Int? = nil, durability: Durability? = nil
  ) throws(LogError) -> Range<Offset> {
    let log = try log(for: records, partition)
    if records.isEmpty { return log.endOffset..<log.endOffset }
    let plan = plan.with(durability)
    let batch = try EncodedBatch(records, codec: plan.codec, log)
    if plan.isBuffered { return try log.append(batch).offsets }
    let reserved = batch.header.batchByteCount
    try services.commits.waitForRoom(reserved)
    let appended = try releasing(reserved) { () throws(LogError) in try log.append(batch) }
    try log.waitUntilDurable(
      below: appended.lastOffset.advanced(by: 1), plan, reserved: reserved)
    return appended.offsets
  }

  // MARK: Steps

  /// Runs a write whose bytes are reserved; gives the room back when it fails.
  private func releasing(
    _ reserved: Int, _ write: () throws(LogError) -> AppendedBatch
  ) throws(LogError) -> AppendedBatch {
    do throws(LogError) { return try write() } catch {
      services.commits.pendingBytes.release(reserved)
      throw error
    }
  }

  /// The log for a batch, whose records must agree on it.
  private func log(
    for records: [Record], _ partition: Int?
  ) throws(LogError) -> PartitionLog {
    let count = partitionCount
    if partition != nil || count == 1 { return try log(for: nil, partition) }
    var chosen: Int?
    for case let key? in records.lazy.map(\.key) {
      // SAFETY: bytes have no padding between them.
      let wanted = unsafe KeyPartitioner.partition(of: key.span.bytes, partitionCount: count)
      if let chosen, chosen != wanted {
        throw .invalidBatch(
          .invalid(
            field: "key",
            reason: "keys belong to partitions \(chosen) and \(wanted); name one for all"))
      }
      chosen = wanted
    }
    return try log(for: nil, chosen)
  }
}

extension AppendedBatch {
  /// The offsets of the batch's records.
  var offsets: Range<Offset> { baseOffset..<lastOffset.advanced(by: 1) }
}

extension PartitionLog {
  /// Appends a record as a batch of its own.
  func append(_ record: Record, _ plan: AppendPlan) throws(LogError) -> AppendedBatch {
    if plan.isUncompressed { return try append(record) }
    return try append(EncodedBatch([record], codec: plan.codec, self))
  }
}
