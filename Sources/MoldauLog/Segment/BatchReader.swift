package import MoldauDisk
package import MoldauFormat

/// Walks the batches of a log file from front to back.
///
/// Reads large pieces into a buffer of its own, so that it neither maps the file nor disturbs the
/// handles of its segment. Owned by one thread.
@safe package struct BatchReader: ~Copyable {
  package enum Step {
    /// A whole batch is at hand: `withBatch` gives its bytes.
    case batch(RecordBatchHeader, position: Int)
    /// The bytes end exactly behind the last batch.
    case end
    /// No batch can be made of the bytes at `position`.
    case invalid(FormatError, position: Int)
  }

  private let file: any DiskFile
  private let end: Int
  private let checksChecksums: Bool
  private var buffer: UnsafeMutableRawBufferPointer
  /// The part of the file that the buffer holds.
  private var bufferedStart: Int
  private var bufferedCount = 0
  package private(set) var position: Int
  private var batchCount = 0

  /// Walks from `start`, where a batch begins, to `end`.
  package init(file: any DiskFile, from start: Int, to end: Int, checksChecksums: Bool) {
    self.file = file
    self.end = end
    self.checksChecksums = checksChecksums
    // SAFETY: freed in deinit; every access below stays within `bufferedCount`.
    unsafe buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: min(Limits.recoveryChunkBytes, max(end - start, RecordBatchHeader.byteCount)),
      alignment: 16)
    bufferedStart = start
    position = start
  }

  deinit {
    unsafe buffer.deallocate()
  }

  /// Moves to the next batch.
  ///
  /// HOT: once per batch of a recovery scan. Benchmark: `recovery`.
  package mutating func next() throws(LogError) -> Step {
    position += batchCount
    batchCount = 0
    guard position < end else { return .end }
    guard end - position >= RecordBatchHeader.byteCount else {
      return .invalid(
        .truncated(needed: RecordBatchHeader.byteCount, available: end - position),
        position: position)
    }
    try fill(RecordBatchHeader.byteCount)
    let header: RecordBatchHeader
    do throws(FormatError) {
      header = try unsafe RecordBatchHeader(parsing: bytes(RecordBatchHeader.byteCount))
    } catch {
      return .invalid(error, position: position)
    }
    let count = header.batchByteCount
    guard count <= end - position else {
      return .invalid(.truncated(needed: count, available: end - position), position: position)
    }
    try fill(count)
    if checksChecksums {
      do throws(FormatError) {
        try unsafe RecordBatch.checkChecksum(of: bytes(count), header)
      } catch {
        return .invalid(error, position: position)
      }
    }
    batchCount = count
    return .batch(header, position: position)
  }

  /// The header of the batch that comes next, whether or not the range holds all of it; `nil` when
  /// there is none.
  mutating func nextHeader() throws(LogError) -> RecordBatchHeader? {
    guard end - position >= RecordBatchHeader.byteCount else { return nil }
    try fill(RecordBatchHeader.byteCount)
    do throws(FormatError) {
      return try unsafe RecordBatchHeader(parsing: bytes(RecordBatchHeader.byteCount))
    } catch {
      return nil
    }
  }

  /// The bytes of the batch that `next` returned last, valid until the next call.
  package var batch: UnsafeRawBufferPointer {
    unsafe bytes(batchCount)
  }

  private func bytes(_ count: Int) -> UnsafeRawBufferPointer {
    let start = position - bufferedStart
    return unsafe UnsafeRawBufferPointer(rebasing: buffer[start..<start + count])
  }

  /// Makes sure that `count` bytes from `position` are in the buffer.
  private mutating func fill(_ count: Int) throws(LogError) {
    let have = bufferedStart + bufferedCount - position
    guard have < count else { return }
    if unsafe count > buffer.count { try grow(to: count) }
    let kept = max(0, have)
    // SAFETY: both ranges lie in the buffer; memmove allows that they overlap.
    if kept > 0, let base = unsafe buffer.baseAddress {
      unsafe base.copyMemory(from: base + (position - bufferedStart), byteCount: kept)
    }
    bufferedStart = position
    let wanted = unsafe min(buffer.count, end - position)
    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[kept..<wanted])
    let read: Int
    do { read = try unsafe file.read(into: rest, at: position + kept) } catch {
      throw LogError(error)
    }
    bufferedCount = kept + read
    guard bufferedCount >= count else {
      throw .corrupt(
        path: file.path, position: FilePosition(rawValue: position),
        reason: .truncated(needed: count, available: bufferedCount))
    }
  }

  private mutating func grow(to count: Int) throws(LogError) {
    let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    unsafe larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
    unsafe buffer.deallocate()
    unsafe buffer = larger
  }
}
