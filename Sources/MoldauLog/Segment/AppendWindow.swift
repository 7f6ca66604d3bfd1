import MoldauDisk

/// A piece of the active segment's file, past its last batch, mapped for writing.
///
/// Small appends are copied into it: that survives a killed process as pwrite does and costs a tenth
/// (docs/decisions/append-window.md). The blocks under it are allocated first, so that a full disk
/// shows then and not as a signal later; zeros are written over them and the map is filled at once,
/// since that costs a fifth of taking a page fault for every page. The bytes behind the last batch
/// are zeros, which recovery and every reader leave aside; closing the window cuts them off.
///
/// `@unchecked Sendable`: part of the append state, whose lock guards every write through it.
@safe struct AppendWindow: @unchecked Sendable {
  private let region: any MappedRegion
  /// The region's address, which `region` keeps valid.
  private let base: UnsafeMutableRawPointer
  /// Where in the file the region starts.
  private let start: Int
  /// The position in the file at which the window ends.
  let end: Int
  private static let pageByteCount = 4096
  private static let zeros = [UInt8](repeating: 0, count: 64 << 10)

  /// Opens a window that begins at or just before `position` and has about `byteCount` bytes.
  ///
  /// - Precondition: the file holds nothing but zeros from `position` on.
  init(file: any DiskFile, position: Int, byteCount: Int) throws(DiskError) {
    start = position & ~(Self.pageByteCount - 1)
    end = start + byteCount
    try file.allocate(byteCount, at: start)
    try Self.writeZeros(to: file, position..<end)
    region = try file.map(byteCount, at: start, writable: true)
    unsafe base = region.base
  }

  private static func writeZeros(
    to file: any DiskFile, _ range: Range<Int>
  ) throws(DiskError) {
    var position = range.lowerBound
    while position < range.upperBound {
      let count = min(zeros.count, range.upperBound - position)
      // SAFETY: bytes have no padding, so all of an array's are initialised.
      let bytes = unsafe zeros.span.bytes.extracting(..<count)
      // SAFETY: the buffer is read within its count and not kept.
      try unsafe bytes.withUnsafeBytes { (bytes) throws(DiskError) in
        try unsafe file.write(bytes, at: position)
      }
      position += count
    }
  }

  var byteCount: Int { end - start }

  /// The window's bytes from `position` on.
  ///
  /// - Precondition: `position` lies in the window. The bytes are valid as long as the window.
  func bytes(from position: Int) -> UnsafeMutableRawBufferPointer {
    precondition(position >= start && position <= end, "outside the window")
    // SAFETY: the precondition keeps both ends in the region.
    return unsafe UnsafeMutableRawBufferPointer(
      start: base + (position - start), count: end - position)
  }
}
