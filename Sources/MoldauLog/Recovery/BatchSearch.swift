import Glibc
package import MoldauDisk
package import MoldauFormat

/// Looks for a whole, checksummed batch at any byte: what tells damage from a torn tail.
package struct BatchSearch {
  private let file: any DiskFile
  /// Between which offsets a batch must begin.
  private let offsets: ClosedRange<Offset>

  package init(file: any DiskFile, offsets: ClosedRange<Offset>) {
    self.file = file
    self.offsets = offsets
  }

  /// Returns the first batch that begins in the range `start..<written` and ends in the file.
  ///
  /// Reads the range once. A candidate must have a plausible header before its checksum is computed,
  /// so that arbitrary bytes cost a comparison each.
  package func first(
    from start: Int, to written: Int, fileSize: Int
  ) throws(LogError) -> (position: Int, header: RecordBatchHeader)? {
    let headerCount = RecordBatchHeader.byteCount
    // A batch may end in zeros: a header that begins before them is looked at to its end.
    let end = min(fileSize, written + headerCount)
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Limits.scanBytes, alignment: 16)
    defer { unsafe buffer.deallocate() }
    guard let base = buffer.baseAddress else { preconditionFailure("no buffer") }
    var chunkStart = start
    while end - chunkStart >= headerCount {
      let count = try unsafe Self.read(
        file,
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, end - chunkStart)]),
        at: chunkStart)
      guard count >= headerCount else { return nil }
      for at in 0...(count - headerCount) {
        // SAFETY: the loop keeps a whole header in the part of the buffer that was read.
        let candidate = unsafe UnsafeRawPointer(base + at)
        guard unsafe candidate.load(fromByteOffset: 16, as: Int8.self) == 2 else { continue }
        let bytes = unsafe UnsafeRawBufferPointer(start: candidate, count: headerCount)
        if let header = try unsafe whole(bytes, at: chunkStart + at, end: fileSize) {
          return (chunkStart + at, header)
        }
      }
      chunkStart += count - headerCount + 1
    }
    return nil
  }

  /// The header of a batch at `position` if it is whole and its checksum holds.
  private func whole(
    _ bytes: UnsafeRawBufferPointer, at position: Int, end: Int
  ) throws(LogError) -> RecordBatchHeader? {
    let header: RecordBatchHeader
    do throws(FormatError) { header = try unsafe RecordBatchHeader(parsing: bytes) } catch {
      return nil
    }
    guard offsets.contains(header.baseOffset), header.batchByteCount <= end - position,
      header.batchByteCount <= Limits.maxBatchBytes
    else { return nil }
    var reader = BatchReader(
      file: file, from: position, to: position + header.batchByteCount, checksChecksums: true)
    if case .batch = try reader.next() { return header }
    return nil
  }

  /// The end of the last byte in the range that is not zero, or the range's start.
  package static func lastNonzero(
    of file: any DiskFile, from start: Int, to end: Int
  ) throws(LogError) -> Int {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Limits.scanBytes, alignment: 16)
    defer { unsafe buffer.deallocate() }
    var last = start
    var chunkStart = start
    while chunkStart < end {
      let chunk = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer[..<min(buffer.count, end - chunkStart)])
      let count = try unsafe read(file, chunk, at: chunkStart)
      guard count > 0 else { break }
      let filled = unsafe filledCount(of: UnsafeRawBufferPointer(rebasing: chunk[..<count]))
      if filled > 0 { last = chunkStart + filled }
      chunkStart += count
    }
    return last
  }

  /// The count up to the last byte that is not zero.
  ///
  /// Looks at whole blocks first, since allocated room is megabytes of zeros.
  private static func filledCount(of bytes: UnsafeRawBufferPointer) -> Int {
    guard let base = bytes.baseAddress else { return 0 }
    let blockByteCount = 4096
    var end = bytes.count
    while end > 0 {
      let start = (end - 1) / blockByteCount * blockByteCount
      // SAFETY: both comparisons stay between `start` and `end`, which lie in the buffer. A block is
      // all zeros when it begins with one and each byte equals the next.
      let isZero =
        unsafe base.load(fromByteOffset: start, as: UInt8.self) == 0
        && memcmp(base + start, base + start + 1, end - start - 1) == 0
      guard isZero else {
        while end > start, unsafe base.load(fromByteOffset: end - 1, as: UInt8.self) == 0 {
          end -= 1
        }
        return end
      }
      end = start
    }
    return 0
  }

  private static func read(
    _ file: any DiskFile, _ buffer: UnsafeMutableRawBufferPointer, at position: Int
  ) throws(LogError) -> Int {
    do throws(DiskError) { return try unsafe file.read(into: buffer, at: position) } catch {
      throw LogError(error)
    }
  }
}
