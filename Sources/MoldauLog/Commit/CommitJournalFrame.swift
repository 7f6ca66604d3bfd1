package import MoldauFormat

/// One write of the commit journal: what a group commit made durable, for all partitions at once.
///
/// Layout: docs/format/commit-journal.md. A frame is whole or void: its checksum covers all of it.
package struct CommitJournalFrame {
  static let magic: UInt32 = 0x4D4A_4631  // "MJF1"
  static let headerByteCount = 24
  static let entryHeaderByteCount = 36
  /// Where in the header the sequence number is.
  static let sequencePosition = 8
  /// Where in the header the number of bytes behind it is.
  static let payloadLengthPosition = 16

  /// What an entry says of a partition.
  package enum Kind: UInt8 {
    /// Batches follow, from `baseOffset` on.
    case batches = 0
    /// The log was cut: earlier entries at or above `baseOffset` are void.
    case truncation = 1
  }

  package struct Entry: Equatable {
    package var kind: Kind
    package var topicID: TopicID
    package var partition: Int32
    package var baseOffset: Offset
    /// Where the entry's batches are in the journal's bytes.
    package var batches: Range<Int>
  }

  package var sequence: UInt64
  package var byteCount: Int
  package var entries: [Entry]

  /// Reads the frame at `start` of `journal`.
  ///
  /// Throws when there is none: that is how the journal ends.
  package init(parsing journal: RawSpan, at start: Int) throws(FormatError) {
    let available = journal.byteCount - start
    guard available >= Self.headerByteCount else {
      throw .truncated(needed: Self.headerByteCount, available: available)
    }
    guard journal.bigEndian(UInt32.self, at: start) == Self.magic else {
      throw .invalid(field: "magic", reason: "no frame begins here")
    }
    sequence = journal.bigEndian(UInt64.self, at: start + 8)
    let payload = Int(journal.bigEndian(UInt32.self, at: start + 16))
    byteCount = Self.headerByteCount + payload
    guard byteCount <= available else {
      throw .truncated(needed: byteCount, available: available)
    }
    let stored = journal.bigEndian(UInt32.self, at: start + 4)
    let computed = Checksum.crc32c(journal.extracting(start + 8..<start + byteCount))
    guard stored == computed else {
      throw .checksumMismatch(stored: stored, computed: computed)
    }
    entries = []
    let count = journal.bigEndian(UInt32.self, at: start + 20)
    var next = start + Self.headerByteCount
    let end = start + byteCount
    for _ in 0..<count {
      guard end - next >= Self.entryHeaderByteCount else {
        throw .truncated(needed: Self.entryHeaderByteCount, available: end - next)
      }
      guard
        let kind = Kind(
          rawValue: UInt8(truncatingIfNeeded: journal.bigEndian(UInt32.self, at: next)))
      else { throw .invalid(field: "kind", reason: "unknown") }
      let batchCount = Int(journal.bigEndian(UInt32.self, at: next + 32))
      let batches = next + Self.entryHeaderByteCount
      guard batchCount <= end - batches else {
        throw .truncated(needed: batchCount, available: end - batches)
      }
      entries.append(
        Entry(
          kind: kind,
          topicID: TopicID(
            high: journal.bigEndian(UInt64.self, at: next + 8),
            low: journal.bigEndian(UInt64.self, at: next + 16)),
          partition: journal.bigEndian(Int32.self, at: next + 4),
          baseOffset: Offset(rawValue: journal.bigEndian(Int64.self, at: next + 24)),
          batches: batches..<batches + batchCount))
      next = batches + batchCount
    }
    guard next == end else {
      throw .invalid(field: "payloadLength", reason: "\(end - next) bytes follow the last entry")
    }
  }

  /// The bytes of one entry's header.
  static func storeEntryHeader(
    kind: Kind, topicID: TopicID, partition: Int32, baseOffset: Offset, batchByteCount: Int,
    to start: UnsafeMutableRawPointer
  ) {
    // SAFETY: the caller has made room for `entryHeaderByteCount` bytes.
    unsafe start.storeBigEndian(UInt32(kind.rawValue), at: 0)
    unsafe start.storeBigEndian(partition, at: 4)
    unsafe start.storeBigEndian(topicID.high, at: 8)
    unsafe start.storeBigEndian(topicID.low, at: 16)
    unsafe start.storeBigEndian(baseOffset.rawValue, at: 24)
    unsafe start.storeBigEndian(UInt32(batchByteCount), at: 32)
  }

  /// Writes the header in front of `byteCount` bytes of entries, once these are in place.
  static func storeHeader(
    sequence: UInt64, entryCount: Int, frame: UnsafeMutableRawBufferPointer
  ) {
    guard let start = frame.baseAddress, frame.count >= headerByteCount else {
      preconditionFailure("a frame has a header")
    }
    // SAFETY: the guard has checked that the header's bytes are there.
    unsafe start.storeBigEndian(magic, at: 0)
    unsafe start.storeBigEndian(sequence, at: 8)
    unsafe start.storeBigEndian(UInt32(frame.count - headerByteCount), at: 16)
    unsafe start.storeBigEndian(UInt32(entryCount), at: 20)
    let checksum = unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: frame[8...]))
    unsafe start.storeBigEndian(checksum, at: 4)
  }
}
