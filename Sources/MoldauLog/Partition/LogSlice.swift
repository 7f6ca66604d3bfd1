package import MoldauDisk
package import MoldauFormat

/// Whole batches of a log as a piece of a file, for sending without a copy.
///
/// The file stays readable as long as the slice is held, whatever retention does.
package struct LogSlice: Sendable {
  package let file: any DiskFile
  package let position: Int
  package let count: Int
  /// The offset of the first batch, at or below the offset that was asked for.
  package let baseOffset: Offset

  /// A copy of the bytes. May block on the disk.
  package func copyBytes() throws(LogError) -> [UInt8] {
    var failure: LogError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      do throws(LogError) {
        // SAFETY: the buffer has room for `count` bytes, and `copy` fills them all or throws.
        try unsafe copy(into: UnsafeMutableRawBufferPointer(buffer))
        initializedCount = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Copies the bytes to the start of `buffer`, which has room for them.
  package func copy(into buffer: UnsafeMutableRawBufferPointer) throws(LogError) {
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    let read: Int
    do throws(DiskError) { read = try unsafe file.read(into: target, at: position) } catch {
      throw LogError(error)
    }
    guard read == count else {
      throw .corrupt(
        path: file.path, position: FilePosition(rawValue: position),
        reason: .truncated(needed: count, available: read))
    }
  }
}
