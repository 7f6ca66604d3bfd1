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

    init(_ header: RecordBatchHeader) {
      firstSequence = header.baseSequence
      lastSequence = header.lastSequence
      lastOffset = header.lastOffset
      offsetDelta = header.lastOffsetDelta
      timestampMilliseconds = header.maxTimestampMilliseconds
    }

    /// The batch that a snapshot tells of, if it has one. Another program's may say anything.
    init?(_ entry: ProducerSnapshotEntry) {
      guard entry.lastSequence >= 0, let lastOffset = entry.lastOffset, entry.offsetDelta >= 0,
        Int64(entry.offsetDelta) <= lastOffset.rawValue
      else { return nil }
      firstSequence = ProducerStates.sequence(entry.lastSequence, advancedBy: -entry.offsetDelta)
      lastSequence = entry.lastSequence
      self.lastOffset = lastOffset
      offsetDelta = entry.offsetDelta
      timestampMilliseconds = entry.timestampMilliseconds
    }

    var firstOffset: Offset { lastOffset.advanced(by: -Int64(offsetDelta)) }
  }

  struct Producer: Hashable, Sendable {
    var epoch: Int16
    /// The newest last; at most `Limits.rememberedBatchesPerProducer`.
    var batches: [Batch] = []
    var lastTimestampMilliseconds: Int64
    var coordinatorEpoch: Int32 = -1
    var transactionFirstOffset: Offset?
    /// When the log's clock saw the producer last; nil until `noteLoaded` says.
    var lastSeenMilliseconds: Int64?
    /// Whether the log may have batches before `batches` that a client could send again: a snapshot
    /// tells of the last one alone.
    var mayHaveMoreBatches = false

    /// What the producers are ordered by when some have to go.
    var lastUse: Int64 { lastSeenMilliseconds ?? lastTimestampMilliseconds }

    /// Whether nothing came since `deadline`, and nothing is under way.
    func isSilent(since deadline: Int64) -> Bool {
      lastUse <= deadline && transactionFirstOffset == nil
    }

    /// The sequence number of the batch that is taken next: a new epoch begins at 0.
    func expectedSequence(inEpoch epoch: Int16) -> Int32 {
      guard epoch == self.epoch, let last = batches.last else { return 0 }
      return ProducerStates.sequence(last.lastSequence, advancedBy: 1)
    }

    /// Takes a batch of data into account; returns whether it begins a transaction.
    mutating func add(_ header: RecordBatchHeader, _ now: Int64?) -> Bool {
      lastSeenMilliseconds = now ?? lastSeenMilliseconds
      if header.producerEpoch > epoch {
        epoch = header.producerEpoch
        batches = []
        mayHaveMoreBatches = false
      }
      lastTimestampMilliseconds = header.maxTimestampMilliseconds
      if header.baseSequence >= 0 {
        if batches.count == Limits.rememberedBatchesPerProducer {
          batches.removeFirst()
          mayHaveMoreBatches = false
        }
        batches.append(Batch(header))
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

  /// The sequence number that lies `count` records behind another; numbers wrap from Int32.max to 0.
  static func sequence(_ sequence: Int32, advancedBy count: Int32) -> Int32 {
    Int32(truncatingIfNeeded: (Int64(sequence) + Int64(count)) & Int64(Int32.max))
  }

  // MARK: Checks

  /// What a client's batch is to those that the log has of its producer.
  enum Verdict: Hashable, Sendable {
    /// The next one, or the first.
    case next
    /// The log has it already.
    case duplicate(Batch)
    /// It may be one of those before the one that the snapshot told of: the log has to be asked.
    case unclear
  }

  /// Tells what a batch is that is to be appended.
  ///
  /// The rules are Kafka's: the first batch of a producer that is not known may have any sequence
  /// number, that of a new epoch has 0, and each further one follows the last. Sequences are a
  /// client's affair; an epoch that is over is refused of coordinators too.
  /// - Throws: `invalidProducerEpoch`, `outOfOrderSequence`.
  func verdict(
    on header: RecordBatchHeader, _ origin: AppendOrigin
  ) throws(LogError) -> Verdict {
    guard let producer = producers[header.producerID] else { return .next }
    guard header.producerEpoch >= producer.epoch else {
      throw .invalidProducerEpoch(
        producerID: header.producerID, epoch: header.producerEpoch, current: producer.epoch)
    }
    guard origin == .client else { return .next }
    let expected = producer.expectedSequence(inEpoch: header.producerEpoch)
    if header.producerEpoch == producer.epoch {
      for batch in producer.batches
      where batch.firstSequence == header.baseSequence && batch.lastSequence == header.lastSequence
      {
        return .duplicate(batch)
      }
    }
    if header.baseSequence == expected { return .next }
    if header.producerEpoch == producer.epoch && producer.mayHaveMoreBatches { return .unclear }
    throw .outOfOrderSequence(
      producerID: header.producerID, expected: expected, found: header.baseSequence)
  }

  /// The sequence number of the batch that is taken next of this one's producer; nil when any is.
  func expectedSequence(of header: RecordBatchHeader) -> Int32? {
    producers[header.producerID]?.expectedSequence(inEpoch: header.producerEpoch)
  }

  /// The last batch before those that are remembered, from which the log may know more of a producer.
  func firstRemembered(of producerID: Int64) -> Batch? { producers[producerID]?.batches.first }

  /// Takes over what the log has of a producer's batches before those that are remembered.
  mutating func recall(_ earlier: [Batch], of producerID: Int64, epoch: Int16) {
    guard var producer = producers[producerID], producer.epoch == epoch,
      let first = producer.batches.first
    else { return }
    producer.mayHaveMoreBatches = false
    let missing = earlier.filter { $0.lastOffset < first.lastOffset }
    producer.batches = Array(
      (missing + producer.batches).suffix(Limits.rememberedBatchesPerProducer))
    producers[producerID] = producer
  }

  // MARK: Changes

  /// Takes a batch into account; `control` is the record of a control batch, and `now` the log's time
  /// where the batch was just appended.
  ///
  /// Returns the entry for the transaction index when it ends a transaction by aborting it.
  package mutating func add(
    _ header: RecordBatchHeader, control: ControlRecord?, now: Int64? = nil
  ) -> AbortedTransaction? {
    guard header.hasProducer else { return nil }
    if header.attributes.isControl { return control.flatMap { end(header, $0, now) } }
    addData(header, now)
    return nil
  }

  /// HOT: once per batch of an idempotent producer; changed in place, which copies nothing.
  private mutating func addData(_ header: RecordBatchHeader, _ now: Int64?) {
    let begins = producers[
      header.producerID,
      default: Producer(
        epoch: header.producerEpoch, lastTimestampMilliseconds: header.maxTimestampMilliseconds)
    ].add(header, now)
    if begins {
      openTransactions[header.producerID] = header.baseOffset
      firstUndecidedOffset = firstUndecidedOffset ?? header.baseOffset
    }
    boundProducers()
  }

  /// Takes the marker that ends a transaction into account.
  private mutating func end(
    _ header: RecordBatchHeader, _ record: ControlRecord, _ now: Int64?
  ) -> AbortedTransaction? {
    var producer =
      producers[header.producerID]
      ?? Producer(
        epoch: header.producerEpoch, lastTimestampMilliseconds: header.maxTimestampMilliseconds)
    if header.producerEpoch > producer.epoch {
      producer.batches = []
      producer.mayHaveMoreBatches = false
    }
    producer.lastSeenMilliseconds = now ?? producer.lastSeenMilliseconds
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
      .sorted { $0.value.lastUse < $1.value.lastUse }
    for (id, _) in silent.prefix(Limits.maxProducersPerPartition / 8) { producers[id] = nil }
  }

  // MARK: Expiry

  /// Says when producers that were read from a snapshot or a log count as last seen.
  ///
  /// Their records' timestamps may be of any time, so that a producer of old records must not be
  /// forgotten at once; half of the time is left to it at least.
  mutating func noteLoaded(now: Int64, expirationMilliseconds: Int64) {
    let earliest = now.subtractingClamped(expirationMilliseconds / 2)
    for (id, producer) in producers where producer.lastSeenMilliseconds == nil {
      producers[id]?.lastSeenMilliseconds =
        max(earliest, min(now, producer.lastTimestampMilliseconds))
    }
  }

  /// Forgets the producers that were silent since `deadline`; those with an open transaction stay.
  mutating func expire(silentSince deadline: Int64) {
    let expired = producers.filter { $0.value.isSilent(since: deadline) }.keys
    for id in expired { producers[id] = nil }
  }

  // MARK: Snapshots

  package init() {}

  package init(_ snapshot: ProducerSnapshot) {
    for entry in snapshot.entries {
      var producer = Producer(
        epoch: entry.producerEpoch, lastTimestampMilliseconds: entry.timestampMilliseconds,
        coordinatorEpoch: entry.coordinatorEpoch,
        transactionFirstOffset: entry.currentTransactionFirstOffset)
      if let last = Batch(entry) {
        producer.batches = [last]
        producer.mayHaveMoreBatches = true
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
