import MoldauCompression
import MoldauFormat

/// Decides which records of a batch stay in a compacted log, and writes the batch anew where some go.
///
/// Offsets, producer, sequences and codec stay; a batch keeps its first and last offset whatever of it
/// goes. docs/decisions/compaction.md. Owned by one pass.
struct BatchCleaner: ~Copyable {
  /// What becomes of a batch.
  enum Outcome: Equatable {
    /// It stays as it is, byte for byte.
    case unchanged
    /// It goes.
    case removed
    /// `withRewritten` has what takes its place.
    case rewritten
  }

  /// What decides beside the batch itself.
  struct Rules: Sendable {
    /// The end of the section whose keys the map knows; records from here on stay.
    var end: Offset
    var nowMilliseconds: Int64
    /// How long a tombstone stays after the pass that removed what it deletes.
    var tombstoneRetentionMilliseconds: Int64
    var producers: LastBatches
  }

  private let map: KeyOffsetMap
  private let rules: Rules
  private var transactions: CleanedTransactions
  private var encoder = RecordBatchEncoder()
  private var plain: [UInt8] = []
  private var compressed: [UInt8] = []
  private var stays: [Bool] = []
  private(set) var removedRecordCount = 0
  /// The entry for the transaction index that belongs to the marker that was cleaned last.
  private(set) var abortedEntry: AbortedTransaction?
  /// The earliest time at which something that has to stay for a while may go.
  private(set) var nextHorizonMilliseconds: Int64?

  init(map: consuming KeyOffsetMap, rules: Rules, transactions: CleanedTransactions) {
    self.map = map
    self.rules = rules
    self.transactions = transactions
  }

  /// Calls `body` with the batch that takes the place of the one that was cleaned last.
  borrowing func withRewritten<Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Void
  ) throws(Failure) {
    try encoder.withBytes(body)
  }

  /// Takes the next batch of the log.
  ///
  /// - Parameter staysAnyway: Whether the batch must stay, if without its records: it marks where its
  ///   segment ends.
  mutating func clean(
    _ batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader, staysAnyway: Bool
  ) throws(FormatError) -> Outcome {
    abortedEntry = nil
    if header.attributes.isControl {
      return try unsafe cleanMarker(batch, header, staysAnyway: staysAnyway)
    }
    let staysAnyway = staysAnyway || rules.producers.isLast(header)
    if transactions.isAborted(header) {
      return drop(header, staysAnyway: staysAnyway)
    }
    let records = unsafe UnsafeRawBufferPointer(
      rebasing: batch[RecordBatchHeader.byteCount..<header.batchByteCount])
    guard header.attributes.codec != CompressionCodec.none else {
      // SAFETY: the span is used within this call, for which the batch's bytes stay valid.
      return try unsafe cleanData(records.bytes, header, staysAnyway: staysAnyway)
    }
    var plain: [UInt8] = []
    swap(&plain, &self.plain)
    defer { swap(&plain, &self.plain) }
    // SAFETY: as above; the array is not changed while its span is used.
    try unsafe Self.decompress(records.bytes, header, into: &plain)
    return try unsafe cleanData(plain.span.bytes, header, staysAnyway: staysAnyway)
  }

  static func decompress(
    _ records: RawSpan, _ header: RecordBatchHeader, into plain: inout [UInt8]
  ) throws(FormatError) {
    guard let codec = header.attributes.codec else {
      throw .invalid(
        field: "attributes", reason: "no codec has number \(header.attributes.rawValue & 7)")
    }
    plain.removeAll(keepingCapacity: true)
    // An emptied batch has no bytes that could be decompressed.
    guard header.recordCount > 0 else { return }
    try Compression.decompress(
      records, codec: codec, limit: Limits.maxDecompressedBytes, into: &plain)
  }

  // MARK: Data

  private mutating func cleanData(
    _ records: RawSpan, _ header: RecordBatchHeader, staysAnyway: Bool
  ) throws(FormatError) -> Outcome {
    let verdict = try Self.judge(records, header, map, rules, &stays)
    guard verdict.keptCount > 0 else { return drop(header, staysAnyway: staysAnyway) }
    var horizon = header.attributes.hasDeleteHorizon ? header.baseTimestampMilliseconds : nil
    let needsHorizon = horizon == nil && verdict.hasTombstones && header.lastOffset < rules.end
    if needsHorizon { horizon = newHorizon }
    if verdict.hasTombstones { noteHorizon(horizon) }
    if verdict.keptCount == Int(header.recordCount) && !needsHorizon { return .unchanged }
    removedRecordCount += Int(header.recordCount) - verdict.keptCount
    try Self.encode(records, header, stays, horizon: horizon, into: &encoder)
    try finish(header, horizon: horizon)
    return .rewritten
  }

  private struct Verdict {
    var keptCount = 0
    var hasTombstones = false
  }

  /// Notes for each record whether it stays.
  ///
  /// HOT: its loop once per record of a pass.
  private static func judge(
    _ records: RawSpan, _ header: RecordBatchHeader, _ map: borrowing KeyOffsetMap, _ rules: Rules,
    _ stays: inout [Bool]
  ) throws(FormatError) -> Verdict {
    stays.removeAll(keepingCapacity: true)
    var verdict = Verdict()
    var previous = header.baseOffset.rawValue - 1
    let isPastHorizon =
      header.attributes.hasDeleteHorizon
      && header.baseTimestampMilliseconds <= rules.nowMilliseconds
    var reader = RecordReader(records, header)
    while let record = try reader.next() {
      guard record.offset.rawValue > previous else {
        throw .invalid(field: "offsetDelta", reason: "the offsets do not rise in the batch")
      }
      previous = record.offset.rawValue
      var isKept = record.offset >= rules.end
      if !isKept, let key = record.key {
        isKept = map.newest(key).map { $0 <= record.offset } ?? true
        if isKept && record.value == nil {
          isKept = !isPastHorizon
          if isKept { verdict.hasTombstones = true }
        }
      }
      if isKept { verdict.keptCount += 1 }
      stays.append(isKept)
    }
    return verdict
  }

  private static func encode(
    _ records: RawSpan, _ header: RecordBatchHeader, _ stays: [Bool], horizon: Int64?,
    into encoder: inout RecordBatchEncoder
  ) throws(FormatError) {
    encoder.reset(baseTimestampMilliseconds: horizon)
    var reader = RecordReader(records, header)
    var index = 0
    while let record = try reader.next() {
      if stays[index] {
        encoder.append(
          copying: record, offsetDelta: Int32(record.offset - header.baseOffset))
      }
      index += 1
    }
  }

  private mutating func finish(
    _ header: RecordBatchHeader, horizon: Int64?
  ) throws(FormatError) {
    var fields = BatchFields(header)
    fields.attributes.hasDeleteHorizon = horizon != nil
    fields.maxTimestampMilliseconds =
      header.attributes.isLogAppendTime ? header.maxTimestampMilliseconds : nil
    guard let codec = header.attributes.codec, codec != .none else {
      encoder.finish(fields)
      return
    }
    var compressed: [UInt8] = []
    swap(&compressed, &self.compressed)
    defer { swap(&compressed, &self.compressed) }
    compressed.removeAll(keepingCapacity: true)
    try Compression.compress(encoder.records, codec: codec, into: &compressed)
    unsafe encoder.finish(fields, replacingRecordsWith: compressed.span.bytes)
  }

  /// Removes the batch, or all that is in it.
  private mutating func drop(_ header: RecordBatchHeader, staysAnyway: Bool) -> Outcome {
    removedRecordCount += Int(header.recordCount)
    guard staysAnyway else { return .removed }
    guard header.recordCount > 0 else { return .unchanged }
    encoder.reset(baseTimestampMilliseconds: header.maxTimestampMilliseconds)
    var fields = BatchFields(header)
    fields.attributes = BatchAttributes(
      isLogAppendTime: header.attributes.isLogAppendTime,
      isTransactional: header.attributes.isTransactional)
    fields.maxTimestampMilliseconds = header.maxTimestampMilliseconds
    encoder.finish(fields)
    return .rewritten
  }

  // MARK: Markers

  /// A marker whose transaction has no batches left gets a horizon, and goes once that has passed.
  private mutating func cleanMarker(
    _ batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader, staysAnyway: Bool
  ) throws(FormatError) -> Outcome {
    let record = try unsafe ControlRecord.read(from: batch, header)
    let (isObsolete, entry) = transactions.isObsolete(header, record)
    abortedEntry = entry
    guard isObsolete, !staysAnyway, !rules.producers.isLast(header) else { return .unchanged }
    guard record != nil else { return .removed }
    if header.attributes.hasDeleteHorizon {
      guard header.baseTimestampMilliseconds > rules.nowMilliseconds else {
        removedRecordCount += 1
        return .removed
      }
      noteHorizon(header.baseTimestampMilliseconds)
      return .unchanged
    }
    noteHorizon(newHorizon)
    let records = unsafe UnsafeRawBufferPointer(
      rebasing: batch[RecordBatchHeader.byteCount..<header.batchByteCount])
    stays = Array(repeating: true, count: Int(header.recordCount))
    // SAFETY: the span is used within this call, for which the batch's bytes stay valid.
    try unsafe Self.encode(records.bytes, header, stays, horizon: newHorizon, into: &encoder)
    try finish(header, horizon: newHorizon)
    return .rewritten
  }

  private var newHorizon: Int64 {
    rules.nowMilliseconds.addingClamped(rules.tombstoneRetentionMilliseconds)
  }

  private mutating func noteHorizon(_ horizon: Int64?) {
    guard let horizon else { return }
    nextHorizonMilliseconds = min(nextHorizonMilliseconds ?? horizon, horizon)
  }
}

extension BatchFields {
  /// What a batch that takes another's place has of it.
  fileprivate init(_ header: RecordBatchHeader) {
    self.init(
      baseOffset: header.baseOffset, partitionLeaderEpoch: header.partitionLeaderEpoch,
      attributes: header.attributes, producerID: header.producerID,
      producerEpoch: header.producerEpoch, baseSequence: header.baseSequence,
      lastOffsetDelta: header.lastOffsetDelta)
  }
}

/// The last batch that a log knows of each of its producers: what recovery learns them from.
struct LastBatches: Sendable {
  private struct Last {
    /// `nil` when all that is known of the producer is a marker.
    var dataOffset: Offset?
    var epoch: Int16
  }

  private let byProducer: [Int64: Last]

  init(_ states: ProducerStates) {
    byProducer = states.producers.mapValues {
      Last(dataOffset: $0.batches.last?.lastOffset, epoch: $0.epoch)
    }
  }

  /// Whether the batch has to stay for its producer's sake.
  func isLast(_ header: RecordBatchHeader) -> Bool {
    guard header.hasProducer, let last = byProducer[header.producerID] else { return false }
    guard let offset = last.dataOffset else {
      return header.attributes.isControl && header.producerEpoch == last.epoch
    }
    return header.lastOffset == offset
  }
}
