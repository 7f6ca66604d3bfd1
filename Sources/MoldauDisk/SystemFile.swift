/// An open file of the operating system.
final class SystemFile: DiskFile {
  let path: String
  private let fileDescriptor: CInt

  /// Takes over `descriptor` and closes it at the end.
  init(_ descriptor: CInt, _ path: String) {
    self.fileDescriptor = descriptor
    self.path = path
  }

  deinit {
    SystemCalls.closeFile(fileDescriptor)
  }

  var descriptor: CInt? { fileDescriptor }

  /// Makes all of the file system durable that the file is on.
  func syncFileSystem() throws(DiskError) {
    try SystemCalls.syncFileSystem(fileDescriptor, path)
  }

  func size() throws(DiskError) -> Int {
    try SystemCalls.size(of: fileDescriptor, path: path)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int) throws(DiskError) -> Int {
    precondition(position >= 0, "a file starts at position 0")
    return try unsafe SystemCalls.read(fileDescriptor, into: buffer, at: position, path: path)
  }

  func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(DiskError) {
    precondition(position >= 0, "a file starts at position 0")
    try unsafe SystemCalls.write(fileDescriptor, bytes, at: position, path: path)
  }

  func write(
    _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, at position: Int
  ) throws(DiskError) {
    precondition(position >= 0, "a file starts at position 0")
    try unsafe SystemCalls.write(fileDescriptor, head, body, at: position, path: path)
  }

  func truncate(to byteCount: Int) throws(DiskError) {
    precondition(byteCount >= 0, "a size is not negative")
    try SystemCalls.truncate(fileDescriptor, to: byteCount, path: path)
  }

  func allocate(_ count: Int, at position: Int) throws(DiskError) {
    precondition(count > 0 && position >= 0, "a range of the file, not empty")
    try SystemCalls.allocate(fileDescriptor, count, at: position, path: path)
  }

  func sync() throws(DiskError) {
    try SystemCalls.syncData(fileDescriptor, path: path)
  }

  func map(_ count: Int, at position: Int, writable: Bool) throws(DiskError) -> any MappedRegion {
    precondition(count > 0, "an empty map has no address")
    precondition(
      position >= 0 && position.isMultiple(of: SystemCalls.pageByteCount),
      "a map starts at a page")
    // SAFETY: the region owns the mapping from here on.
    return unsafe SystemRegion(
      try SystemCalls.map(fileDescriptor, count, at: position, writable: writable, path: path),
      count)
  }

  /// Takes the exclusive lock; false when another open file has it.
  func lock() throws(DiskError) -> Bool {
    try SystemCalls.lock(fileDescriptor, path: path)
  }

  /// Gives the lock back, for all copies of the descriptor.
  func unlock() {
    SystemCalls.unlock(fileDescriptor)
  }
}

/// A part of a file, mapped by the operating system.
///
/// Outlives the file's descriptor. Sendable, since the address never changes; who writes where is
/// for the holders to agree on.
@safe
final class SystemRegion: MappedRegion, @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int

  /// Takes over the mapping and ends it with the object.
  init(_ base: UnsafeMutableRawPointer, _ count: Int) {
    unsafe self.base = base
    self.count = count
  }

  deinit {
    // SAFETY: the mapping is ours, and nobody who holds the address outlives this object.
    unsafe SystemCalls.unmap(base, count)
  }
}
