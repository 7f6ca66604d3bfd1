import MoldauCompression
import MoldauDisk
public import MoldauFormat

/// Walks the batches of a partition for `Topic.scan`, checks them and gives their records' bytes.
///
/// Sealed segments are read where they are mapped; the active one, which may not be mapped, through
/// a buffer. Owned by one call. Locals of it stay in registers, so records are walked by the caller.
@usableFromInline
@safe
struct BatchScan: ~Copyable {
  /// The batch at hand.
  @usableFromInline var header: RecordBatchHeader
  /// Its uncompressed records, valid until the next step.
  @usableFromInline var records: UnsafeRawBufferPointer
  /// Records below it were not asked for.
  @usableFromInline let firstOffset: Offset
  /// The offset behind the batch at hand.
  @usableFromInline var nextOffset: Offset

  private let reading: LogReading
  private let limit: Offset
  private var remainingBytes: Int
  private var hasRead = false
  private var aborted: [AbortedTransaction] = []
  private var decompressed: [UInt8] = []

  private var path = ""
  private var batchPosition = 0
  /// A sealed segment in memory, and where in it the next batch begins.
  private var region: (any MappedRegion)?
  private var position = 0
  private var segmentEnd = 0
  /// The active segment.
  private var reader: BatchReader?

  private init(_ reading: LogReading, from start: Offset, limit: Offset, maxBytes: Int) {
    self.reading = reading
    self.limit = limit
    remainingBytes = maxBytes
    firstOffset = start
    nextOffset = start
    header = RecordBatchHeader(
      baseOffset: start, batchLength: 0, partitionLeaderEpoch: -1, checksum: 0,
      attributes: BatchAttributes(rawValue: 0), lastOffsetDelta: 0, baseTimestampMilliseconds: 0,
      maxTimestampMilliseconds: 0, producerID: -1, producerEpoch: -1, baseSequence: -1,
      recordCount: 0)
    unsafe records = UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// Begins where the reading does.
  static func begin(_ reading: LogReading, maxBytes: Int) throws(LogError) -> BatchScan {
    let limit = reading.readableEnd
    let start = try reading.resolvedStart()
    try reading.log.checkRange(start, end: reading.log.endOffset)
    var scan = BatchScan(reading, from: start, limit: limit, maxBytes: maxBytes)
    if reading.isolation == .readCommitted {
      scan.aborted = try reading.log.abortedTransactions(from: start, to: limit)
    }
    return scan
  }

  /// Moves to the next batch with records; returns false at the end.
  ///
  /// HOT: once per batch. Benchmark: `scan`.
  @usableFromInline
  mutating func next() throws(LogError) -> Bool {
    while nextOffset < limit {
      let batch: UnsafeRawBufferPointer
      switch try nextBatch() {
      case .batch(let bytes): unsafe batch = bytes
      case .segmentEnd:
        if try enterSegment() { continue }
        return false
      case .enough: return false
      }
      do throws(FormatError) { try header.checkLeads(past: nextOffset) } catch {
        throw damage(error)
      }
      nextOffset = header.nextOffset
      if header.attributes.isControl || aborted.hides(header) { continue }
      if header.attributes.codec == CompressionCodec.none {
        unsafe records = UnsafeRawBufferPointer(rebasing: batch[RecordBatchHeader.byteCount...])
      } else {
        try unsafe decompress(batch)
      }
      return true
    }
    return false
  }

  @safe private enum Step {
    case batch(UnsafeRawBufferPointer)
    case segmentEnd
    /// The next batch is more than the caller wants.
    case enough
  }

  /// Finds the batch that holds the next offset.
  private mutating func enterSegment() throws(LogError) -> Bool {
    guard let found = try reading.log.locate(nextOffset) else { return false }
    // Retention may have taken what came next.
    try reading.log.checkRange(nextOffset, end: reading.log.endOffset)
    path = found.segment.logPath
    if found.segment.isSealed {
      region = try found.segment.map()
      position = found.position
      segmentEnd = found.segment.byteCount
      reader = nil
    } else {
      region = nil
      reader = BatchReader(
        file: try found.segment.file(), from: found.position, to: found.segment.byteCount,
        checksChecksums: true)
    }
    return true
  }

  /// Moves to the next batch of the segment and checks it.
  private mutating func nextBatch() throws(LogError) -> Step {
    if let region { return try nextMappedBatch(region) }
    switch try reader?.next() ?? .end {
    case .end: return .segmentEnd
    case .invalid(let reason, let position):
      batchPosition = position
      throw damage(reason)
    case .batch(let header, let position):
      self.header = header
      batchPosition = position
      guard let batch = unsafe reader?.batch else { return .segmentEnd }
      return takes(batch.count) ? unsafe .batch(batch) : .enough
    }
  }

  private mutating func nextMappedBatch(_ region: any MappedRegion) throws(LogError) -> Step {
    guard position < segmentEnd else { return .segmentEnd }
    batchPosition = position
    do throws(FormatError) {
      // SAFETY: `map` has made sure that the region holds the segment's bytes; `self` keeps it.
      let rest = unsafe UnsafeRawBufferPointer(
        start: region.base + position, count: segmentEnd - position)
      header = try unsafe RecordBatchHeader(parsing: rest)
      let count = header.batchByteCount
      guard count <= rest.count else {
        throw FormatError.truncated(needed: count, available: rest.count)
      }
      guard takes(count) else { return .enough }
      let batch = unsafe UnsafeRawBufferPointer(rebasing: rest[..<count])
      try unsafe RecordBatch.checkChecksum(of: batch, header)
      position += count
      return unsafe .batch(batch)
    } catch {
      throw damage(error)
    }
  }

  /// Whether the caller wants `count` bytes more; the first batch is always wanted.
  private mutating func takes(_ count: Int) -> Bool {
    guard !hasRead || count <= remainingBytes else { return false }
    hasRead = true
    remainingBytes -= min(count, remainingBytes)
    return true
  }

  private mutating func decompress(_ batch: UnsafeRawBufferPointer) throws(LogError) {
    do throws(FormatError) {
      guard let codec = header.attributes.codec else {
        throw FormatError.invalid(
          field: "attributes", reason: "no codec has number \(header.attributes.rawValue & 7)")
      }
      let compressed = unsafe UnsafeRawBufferPointer(
        rebasing: batch[RecordBatchHeader.byteCount...])
      decompressed.removeAll(keepingCapacity: true)
      // SAFETY: the span is used within this call, for which the batch's bytes stay valid.
      try unsafe Compression.decompress(
        compressed.bytes, codec: codec, limit: Limits.maxDecompressedBytes, into: &decompressed)
    } catch {
      throw damage(error)
    }
    // SAFETY: the array is not touched before the next step, until which `records` is valid.
    unsafe records = decompressed.withUnsafeBytes { unsafe $0 }
  }

  /// The error for a batch at hand that is not what it should be.
  @usableFromInline
  func damage(_ reason: FormatError) -> LogError {
    .corrupt(path: path, position: FilePosition(rawValue: batchPosition), reason: reason)
  }
}

extension RecordBatchHeader {
  /// Throws unless the batch ends above `offset`, which is read next.
  ///
  /// No checksum covers a batch's offset, and a walk that followed one back would never end.
  func checkLeads(past offset: Offset) throws(FormatError) {
    guard nextOffset > offset else {
      throw .invalid(field: "baseOffset", reason: "\(baseOffset) comes after \(offset)")
    }
  }
}
