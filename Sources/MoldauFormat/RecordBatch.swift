/// What can be done to the bytes of a whole batch without looking at its records.
@usableFromInline
package enum RecordBatch {
  /// The bytes that a leader stamps: base offset, length and leader epoch, none checksummed.
  @inlinable package static var prefixByteCount: Int { 16 }

  /// Checks the stored checksum against the bytes of `batch`, which starts with the header.
  package static func checkChecksum(
    of batch: RawSpan, _ header: RecordBatchHeader
  ) throws(FormatError) {
    // SAFETY: the buffer is read within its count and not kept.
    try unsafe batch.withUnsafeBytes { (buffer) throws(FormatError) in
      try unsafe checkChecksum(of: buffer, header)
    }
  }

  /// Checks the stored checksum against the bytes of `batch`, which starts with the header.
  package static func checkChecksum(
    of batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader
  ) throws(FormatError) {
    let end = header.batchByteCount
    guard batch.count >= end else { throw .truncated(needed: end, available: batch.count) }
    let covered = unsafe UnsafeRawBufferPointer(
      rebasing: batch[RecordBatchHeader.checksummedRangeStart..<end])
    let computed = unsafe Checksum.crc32c(covered)
    if computed != header.checksum {
      throw .checksumMismatch(stored: header.checksum, computed: computed)
    }
  }

  /// Writes the first 16 bytes of a batch: what a leader changes and no checksum covers.
  ///
  /// - Precondition: `prefix` has room for 16 bytes.
  @inlinable
  package static func stampPrefix(
    _ header: RecordBatchHeader, baseOffset: Offset, leaderEpoch: Int32,
    into prefix: UnsafeMutableRawBufferPointer
  ) {
    guard let start = prefix.baseAddress, prefix.count >= 16 else {
      preconditionFailure("the prefix of a batch is 16 bytes")
    }
    // SAFETY: the guard has checked the 16 bytes.
    unsafe start.storeBigEndian(baseOffset.rawValue, at: 0)
    unsafe start.storeBigEndian(header.batchLength, at: 8)
    unsafe start.storeBigEndian(leaderEpoch, at: 12)
  }
}
