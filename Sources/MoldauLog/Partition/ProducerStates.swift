package import MoldauFormat

/// What a partition remembers of the producers that wrote to it (KIP-98).
///
/// The last batches of each, by which a repeated batch is known, and the transactions that are open.
/// Part of a log's append state, which guards it. Kept in `.snapshot` files:
/// docs/format/producer-snapshot.md.
package struct ProducerStates: Sendable {
  struct Batch: Hashable, Sendable {
    var firstSequence: Int32
    var lastSequence: Int32
    var lastOffset: Offset
    var offsetDelta: Int32
    var timestampMilliseconds: Int64
  }

  struct Producer: Hashable, Sendable {
    var epoch: Int16
    /// The newest last; at most `Limits.rememberedBatchesPerProducer`.
    var batches: [Batch] = []
    var lastTimestampMilliseconds: Int64
    var coordinatorEpoch: Int32 = -1
    var transactionFirstOffset: Offset?

    /// Takes a batch of data into account; returns whether it begins a transaction.
    mutating func add(_ header: RecordBatchHeader) -> Bool {
      if header.producerEpoch > epoch {
        epoch = header.producerEpoch
        batches = []
      }
      lastTimestampMilliseconds = header.maxTimestampMilliseconds
      if header.baseSequence >= 0 {
        if batches.count == Limits.rememberedBatchesPerProducer { batches.removeFirst() }
        batches.append(
          Batch(
            firstSequence: header.baseSequence, lastSequence: header.lastSequence,
            lastOffset: header.lastOffset, offsetDelta: header.lastOffsetDelta,
            timestampMilliseconds: header.maxTimestampMilliseconds))
      }
      guard header.attributes.isTransactional, transactionFirstOffset == nil else { return false }
      transactionFirstOffset = header.baseOffset
      return true
    }
  }

  private(set) var producers: [Int64: Producer] = [:]
  /// The first offsets of open transactions by producer.
  private var openTransactions: [Int64: Offset] = [:]

  var isEmpty: Bool { producers.isEmpty }

  /// The first offset of the earliest open transaction.
  private(set) var firstUndecidedOffset: Offset?

  /// Takes a batch into account; `control` is the record of a control batch.
  ///
  /// Returns the entry for the transaction index when it ends a transaction by aborting it.
  package mutating func add(_ header: RecordBatchHeader, control: ControlRecord?)
    -> AbortedTransaction?
  {
    guard header.hasProducer else { return nil }
    if header.attributes.isControl { return control.flatMap { end(header, $0) } }
    addData(header)
    return nil
  }

  /// HOT: once per batch of an idempotent producer; changed in place, which copies nothing.
  private mutating func addData(_ header: RecordBatchHeader) {
    let begins = producers[
      header.producerID,
      default: Producer(
        epoch: header.producerEpoch, lastTimestampMilliseconds: header.maxTimestampMilliseconds)
    ].add(header)
    if begins {
      openTransactions[header.producerID] = header.baseOffset
      firstUndecidedOffset = firstUndecidedOffset ?? header.baseOffset
    }
    boundProducers()
  }

  /// Takes the marker that ends a transaction into account.
  private mutating func end(
    _ header: RecordBatchHeader, _ record: ControlRecord
  ) -> AbortedTransaction? {
    var producer =
      producers[header.producerID]
      ?? Producer(
        epoch: header.producerEpoch, lastTimestampMilliseconds: header.maxTimestampMilliseconds)
    if header.producerEpoch > producer.epoch { producer.batches = [] }
    producer.epoch = header.producerEpoch
    producer.lastTimestampMilliseconds = header.maxTimestampMilliseconds
    producer.coordinatorEpoch = record.coordinatorEpoch
    let first = producer.transactionFirstOffset
    producer.transactionFirstOffset = nil
    if openTransactions.removeValue(forKey: header.producerID) == firstUndecidedOffset {
      firstUndecidedOffset = openTransactions.values.min()
    }
    producers[header.producerID] = producer
    guard record.kind == .abort, let first else { return nil }
    return AbortedTransaction(
      producerID: header.producerID, firstOffset: first, lastOffset: header.lastOffset,
      lastStableOffset: firstUndecidedOffset ?? header.nextOffset)
  }

  /// Forgets the producers that were longest silent when there are too many; those with an open
  /// transaction stay.
  private mutating func boundProducers() {
    guard producers.count > Limits.maxProducersPerPartition else { return }
    let silent = producers.filter { $0.value.transactionFirstOffset == nil }
      .sorted { $0.value.lastTimestampMilliseconds < $1.value.lastTimestampMilliseconds }
    for (id, _) in silent.prefix(Limits.maxProducersPerPartition / 8) { producers[id] = nil }
  }

  // MARK: Snapshots

  package init() {}

  package init(_ snapshot: ProducerSnapshot) {
    for entry in snapshot.entries {
      var producer = Producer(
        epoch: entry.producerEpoch, lastTimestampMilliseconds: entry.timestampMilliseconds,
        coordinatorEpoch: entry.coordinatorEpoch,
        transactionFirstOffset: entry.currentTransactionFirstOffset)
      if entry.lastSequence >= 0, let lastOffset = entry.lastOffset {
        producer.batches = [
          Batch(
            firstSequence: entry.lastSequence &- entry.offsetDelta,
            lastSequence: entry.lastSequence, lastOffset: lastOffset,
            offsetDelta: entry.offsetDelta, timestampMilliseconds: entry.timestampMilliseconds)
        ]
      }
      producers[entry.producerID] = producer
      if let first = entry.currentTransactionFirstOffset {
        openTransactions[entry.producerID] = first
      }
    }
    firstUndecidedOffset = openTransactions.values.min()
  }

  var snapshot: ProducerSnapshot {
    ProducerSnapshot(
      entries: producers.sorted { $0.key < $1.key }.map { id, producer in
        let last = producer.batches.last
        return ProducerSnapshotEntry(
          producerID: id, producerEpoch: producer.epoch, lastSequence: last?.lastSequence ?? -1,
          lastOffset: last?.lastOffset,
          offsetDelta: last?.offsetDelta ?? 0,
          timestampMilliseconds: producer.lastTimestampMilliseconds,
          coordinatorEpoch: producer.coordinatorEpoch,
          currentTransactionFirstOffset: producer.transactionFirstOffset)
      })
  }
}
