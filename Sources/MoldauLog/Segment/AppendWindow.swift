import MoldauDisk

/// A piece of the active segment's file, past its last batch, mapped for writing.
///
/// Small appends are copied into it: that survives a killed process as pwrite does and costs a tenth
/// (docs/decisions/append-window.md). The blocks under it are allocated first, so that a full disk
/// shows then and not as a signal later. The bytes behind the last batch are zeros, which recovery
/// and every reader leave aside; closing the window cuts them off.
struct AppendWindow: Sendable {
  private let region: any MappedRegion
  /// Where in the file the region starts.
  private let start: Int
  private static let pageByteCount = 4096

  /// Opens a window that begins at or just before `position` and has about `byteCount` bytes.
  init(file: any DiskFile, position: Int, byteCount: Int) throws(DiskError) {
    start = position & ~(Self.pageByteCount - 1)
    try file.allocate(byteCount, at: start)
    region = try file.map(byteCount, at: start, writable: true)
  }

  /// The position in the file at which the window ends.
  var end: Int { start + region.count }

  var byteCount: Int { region.count }

  /// The window's bytes from `position` on.
  ///
  /// - Precondition: `position` lies in the window. The bytes are valid as long as the window.
  func bytes(from position: Int) -> UnsafeMutableRawBufferPointer {
    precondition(position >= start && position <= end, "outside the window")
    // SAFETY: the precondition keeps both ends in the region.
    return unsafe UnsafeMutableRawBufferPointer(
      start: region.base + (position - start), count: end - position)
  }
}
