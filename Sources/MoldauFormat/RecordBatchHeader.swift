/// The 61 bytes in front of a batch's records.
///
/// Format: docs/format/record-batch.md. Parsing checks what a reader must know before it may
/// trust the lengths; it looks at no record and no checksum.
@usableFromInline
package struct RecordBatchHeader: Equatable, Sendable {
  /// The size of the header.
  @inlinable package static var byteCount: Int { 61 }
  /// The size of the base offset and the length field, which the length field does not count.
  @inlinable package static var lengthPrefixByteCount: Int { 12 }
  /// The first byte that the checksum covers.
  @inlinable package static var checksummedRangeStart: Int { 21 }
  /// The only magic that this build reads and writes.
  @inlinable package static var supportedMagic: Int8 { 2 }

  /// The offset of the first record.
  @usableFromInline package var baseOffset: Offset
  /// The number of bytes after the length field.
  @usableFromInline package var batchLength: Int32
  @usableFromInline package var partitionLeaderEpoch: Int32
  @usableFromInline package var magic: Int8
  @usableFromInline package var checksum: UInt32
  @usableFromInline package var attributes: BatchAttributes
  @usableFromInline package var lastOffsetDelta: Int32
  @usableFromInline package var baseTimestampMilliseconds: Int64
  @usableFromInline package var maxTimestampMilliseconds: Int64
  /// The producer's id, or −1.
  @usableFromInline package var producerID: Int64
  @usableFromInline package var producerEpoch: Int16
  /// The sequence number of the first record, or −1.
  @usableFromInline package var baseSequence: Int32
  @usableFromInline package var recordCount: Int32

  @inlinable @inline(always)
  package init(
    baseOffset: Offset, batchLength: Int32, partitionLeaderEpoch: Int32, magic: Int8 = 2,
    checksum: UInt32, attributes: BatchAttributes, lastOffsetDelta: Int32,
    baseTimestampMilliseconds: Int64, maxTimestampMilliseconds: Int64, producerID: Int64,
    producerEpoch: Int16, baseSequence: Int32, recordCount: Int32
  ) {
    self.baseOffset = baseOffset
    self.batchLength = batchLength
    self.partitionLeaderEpoch = partitionLeaderEpoch
    self.magic = magic
    self.checksum = checksum
    self.attributes = attributes
    self.lastOffsetDelta = lastOffsetDelta
    self.baseTimestampMilliseconds = baseTimestampMilliseconds
    self.maxTimestampMilliseconds = maxTimestampMilliseconds
    self.producerID = producerID
    self.producerEpoch = producerEpoch
    self.baseSequence = baseSequence
    self.recordCount = recordCount
  }

  /// Reads the header at the start of `bytes`, which may go on after it.
  package init(parsing bytes: RawSpan) throws(FormatError) {
    // SAFETY: the buffer is read within its count and not kept.
    self = try unsafe bytes.withUnsafeBytes { (buffer) throws(FormatError) in
      try unsafe RecordBatchHeader(parsing: buffer)
    }
  }

  /// Reads the header at the start of `bytes`, which may go on after it.
  ///
  /// HOT: once per batch of an append, a scan or a recovery.
  @inlinable
  package init(parsing bytes: UnsafeRawBufferPointer) throws(FormatError) {
    guard let start = bytes.baseAddress, bytes.count >= 61 else {
      throw unsafe Self.shortHeaderError(bytes)
    }
    // SAFETY: every load below ends at or before byte 61, which the guard has checked.
    unsafe self.init(loading: start)
    if magic != 2 { throw .unsupportedMagic(magic) }
    let hasLegalFields =
      batchLength >= 49 && lastOffsetDelta >= 0 && recordCount >= 0
      && baseOffset.rawValue >= 0
      && baseOffset.rawValue < Int64.max - Int64(lastOffsetDelta)
    if !hasLegalFields { throw fieldError }
  }

  /// Reads the header's fields as they are; checks nothing.
  ///
  /// - Precondition: 61 bytes are readable at `start`.
  @inlinable @inline(always)
  package init(loading start: UnsafeRawPointer) {
    // SAFETY: the caller vouches for the 61 bytes.
    unsafe self.init(
      baseOffset: Offset(rawValue: start.bigEndian(Int64.self, at: 0)),
      batchLength: start.bigEndian(Int32.self, at: 8),
      partitionLeaderEpoch: start.bigEndian(Int32.self, at: 12),
      magic: start.bigEndian(Int8.self, at: 16),
      checksum: start.bigEndian(UInt32.self, at: 17),
      attributes: BatchAttributes(rawValue: start.bigEndian(Int16.self, at: 21)),
      lastOffsetDelta: start.bigEndian(Int32.self, at: 23),
      baseTimestampMilliseconds: start.bigEndian(Int64.self, at: 27),
      maxTimestampMilliseconds: start.bigEndian(Int64.self, at: 35),
      producerID: start.bigEndian(Int64.self, at: 43),
      producerEpoch: start.bigEndian(Int16.self, at: 51),
      baseSequence: start.bigEndian(Int32.self, at: 53),
      recordCount: start.bigEndian(Int32.self, at: 57))
  }

  /// Stores the 61 bytes as they are, the checksum included.
  ///
  /// - Precondition: 61 bytes are writable at `start`.
  @inlinable @inline(always)
  package func store(to start: UnsafeMutableRawPointer) {
    // SAFETY: the caller vouches for the 61 bytes.
    unsafe start.storeBigEndian(baseOffset.rawValue, at: 0)
    unsafe start.storeBigEndian(batchLength, at: 8)
    unsafe start.storeBigEndian(partitionLeaderEpoch, at: 12)
    unsafe start.storeBigEndian(magic, at: 16)
    unsafe start.storeBigEndian(checksum, at: 17)
    unsafe start.storeBigEndian(attributes.rawValue, at: 21)
    unsafe start.storeBigEndian(lastOffsetDelta, at: 23)
    unsafe start.storeBigEndian(baseTimestampMilliseconds, at: 27)
    unsafe start.storeBigEndian(maxTimestampMilliseconds, at: 35)
    unsafe start.storeBigEndian(producerID, at: 43)
    unsafe start.storeBigEndian(producerEpoch, at: 51)
    unsafe start.storeBigEndian(baseSequence, at: 53)
    unsafe start.storeBigEndian(recordCount, at: 57)
  }

  /// Computes the checksum of a batch whose other bytes are in place, and stores the header.
  ///
  /// - Precondition: `batchByteCount` bytes at `start` are writable, and all those after the
  ///   header are written.
  @usableFromInline
  package mutating func storeWithChecksum(
    to start: UnsafeMutableRawPointer, batchByteCount: Int
  ) {
    // SAFETY: the caller vouches for the bytes.
    unsafe store(to: start)
    checksum = unsafe Checksum.crc32c(
      UnsafeRawBufferPointer(
        start: start + Self.checksummedRangeStart,
        count: batchByteCount - Self.checksummedRangeStart))
    unsafe start.storeBigEndian(checksum, at: 17)
  }

  /// The size of the whole batch.
  @inlinable
  package var batchByteCount: Int { 12 + Int(batchLength) }

  /// The offset of the last record that the batch was written with.
  @inlinable
  package var lastOffset: Offset {
    Offset(rawValue: baseOffset.rawValue + Int64(lastOffsetDelta))
  }

  /// The offset after the batch.
  @inlinable
  package var nextOffset: Offset {
    Offset(rawValue: baseOffset.rawValue + Int64(lastOffsetDelta) + 1)
  }

  /// Whether an idempotent producer wrote the batch.
  @inlinable
  package var hasProducer: Bool { producerID >= 0 }

  /// The sequence number of the last record, which wraps from Int32.max to 0; −1 without one.
  @inlinable
  package var lastSequence: Int32 {
    guard baseSequence >= 0 else { return -1 }
    return Int32(truncatingIfNeeded: (Int64(baseSequence) + Int64(lastOffsetDelta)) & 0x7FFF_FFFF)
  }

  /// What is wrong with a header that has the right magic and an illegal field.
  @usableFromInline @inline(never)
  var fieldError: FormatError {
    if batchLength < 49 {
      return .lengthOutOfRange(field: "batchLength", length: Int(batchLength))
    }
    if lastOffsetDelta < 0 {
      return .invalid(field: "lastOffsetDelta", reason: "\(lastOffsetDelta) is negative")
    }
    if recordCount < 0 {
      return .invalid(field: "recordCount", reason: "\(recordCount) is negative")
    }
    if baseOffset.rawValue < 0 {
      return .invalid(field: "baseOffset", reason: "\(baseOffset) is negative")
    }
    return .invalid(field: "baseOffset", reason: "\(baseOffset) leaves no offset after the batch")
  }

  /// What is wrong with fewer than 61 bytes: older magics have shorter headers.
  @usableFromInline @inline(never)
  static func shortHeaderError(_ bytes: UnsafeRawBufferPointer) -> FormatError {
    // SAFETY: the buffer checks the index in debug builds, and the count is checked here.
    if bytes.count >= 17, unsafe bytes[16] != 2 {
      return unsafe .unsupportedMagic(Int8(bitPattern: bytes[16]))
    }
    return .truncated(needed: byteCount, available: bytes.count)
  }
}
