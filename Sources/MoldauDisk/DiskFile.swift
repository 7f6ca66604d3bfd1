/// An open file; closed when the last reference to it goes.
///
/// All calls may be made from any thread at once, as pread and pwrite can.
package protocol DiskFile: AnyObject, Sendable {
  var path: String { get }

  /// The descriptor for sendfile; `nil` when the file is not one of the operating system's.
  var descriptor: CInt? { get }

  /// The file's size in bytes.
  func size() throws(DiskError) -> Int

  /// Reads at `position` until `buffer` is full or the file ends; returns the count read.
  func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int) throws(DiskError) -> Int

  /// Writes all of `bytes` at `position`. On an error some of them may have been written.
  func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(DiskError)

  /// Writes `head` and then `body` at `position` in one system call where possible (pwritev).
  func write(
    _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, at position: Int
  ) throws(DiskError)

  /// Sets the size; new bytes read as zeros.
  func truncate(to byteCount: Int) throws(DiskError)

  /// Makes sure that blocks for `count` bytes from `position` exist, growing the file to hold them
  /// (posix_fallocate's promise: writes there cannot fail for lack of space).
  func allocate(_ count: Int, at position: Int) throws(DiskError)

  /// Makes the contents and the size durable (fdatasync).
  func sync() throws(DiskError)

  /// Maps `count` bytes from `position`, a multiple of the page size, for reading (or writing, when
  /// the pages are made ready at once).
  ///
  /// The file must not be truncated below the region's end while it is mapped.
  func map(_ count: Int, at position: Int, writable: Bool) throws(DiskError) -> any MappedRegion
}

/// A part of a file in memory; unmapped when the last reference to it goes.
package protocol MappedRegion: AnyObject, Sendable {
  /// Valid as long as the region lives.
  var base: UnsafeMutableRawPointer { get }
  var count: Int { get }
}
