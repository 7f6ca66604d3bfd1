#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An open file of a `SimulatedDisk`.
final class SimulatedFile: DiskFile {
  let path: String
  private let disk: SimulatedDisk
  private let inode: SimulatedInode
  private let isWritable: Bool

  /// Takes over one hold on the contents.
  init(_ disk: SimulatedDisk, _ inode: SimulatedInode, _ path: String, isWritable: Bool) {
    self.disk = disk
    self.inode = inode
    self.path = path
    self.isWritable = isWritable
  }

  deinit {
    inode.contents.withLock { $0.letGo() }
  }

  var descriptor: CInt? { nil }

  func size() throws(DiskError) -> Int {
    try whole("fstat", isChange: false) { $0.size }
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at position: Int) throws(DiskError) -> Int {
    precondition(position >= 0, "a file starts at position 0")
    return try whole("pread", isChange: false) { contents in
      unsafe contents.read(into: buffer, at: position)
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(DiskError) {
    let nothing = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    try unsafe write("pwrite", bytes, nothing, at: position)
  }

  func write(
    _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, at position: Int
  ) throws(DiskError) {
    try unsafe write("pwritev", head, body, at: position)
  }

  private func write(
    _ call: String, _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer,
    at position: Int
  ) throws(DiskError) {
    precondition(position >= 0, "a file starts at position 0")
    precondition(isWritable, "\(path) is open for reading only")
    let partial = try disk.begin(call, path, isChange: true)
    let limit = partial?.byteCount ?? Int.max
    try inode.contents.withLock { contents throws(DiskError) in
      try disk.checkIsUp(call, path)
      noteChange()
      let headCount = min(head.count, limit)
      // SAFETY: neither part is longer than its buffer.
      try unsafe contents.write(
        UnsafeRawBufferPointer(rebasing: head[..<headCount]), at: position, call: call, path: path)
      try unsafe contents.write(
        UnsafeRawBufferPointer(rebasing: body[..<min(body.count, limit - headCount)]),
        at: position + headCount, call: call, path: path)
    }
    if let partial { throw disk.finish(partial, call, path) }
  }

  private func noteChange() {
    inode.modifiedMilliseconds.store(disk.now(), ordering: .relaxed)
  }

  func truncate(to byteCount: Int) throws(DiskError) {
    precondition(byteCount >= 0, "a size is not negative")
    precondition(isWritable, "\(path) is open for reading only")
    try whole("ftruncate", isChange: true) { contents throws(DiskError) in
      noteChange()
      try contents.truncate(to: byteCount, path: path)
    }
  }

  func allocate(_ count: Int, at position: Int) throws(DiskError) {
    precondition(count > 0 && position >= 0, "a range of the file, not empty")
    precondition(isWritable, "\(path) is open for reading only")
    try whole("fallocate", isChange: true) { contents throws(DiskError) in
      try contents.allocate(position..<(position + count), path: path)
    }
  }

  func sync() throws(DiskError) {
    do throws(DiskError) {
      if let partial = try disk.begin("fdatasync", path, isChange: true) {
        throw disk.finish(partial, "fdatasync", path)
      }
    } catch {
      inode.contents.withLock { contents in
        if !disk.isDown { contents.failSync() }
      }
      throw error
    }
    try inode.contents.withLock { contents throws(DiskError) in
      try disk.checkIsUp("fdatasync", path)
      try contents.sync(path: path)
    }
  }

  func map(_ count: Int, at position: Int, writable: Bool) throws(DiskError) -> any MappedRegion {
    precondition(count > 0, "an empty map has no address")
    precondition(
      position >= 0 && position.isMultiple(of: SystemCalls.pageByteCount),
      "a map starts at a page")
    precondition(isWritable || !writable, "\(path) is open for reading only")
    let range = position..<(position + count)
    let region: SimulatedRegion = try whole("mmap", isChange: false) { contents throws(DiskError) in
      // SAFETY: the region keeps the inode, whose memory does not move.
      unsafe SimulatedRegion(
        inode, try contents.map(range, writable: writable, path: path), range, writable)
    }
    return region
  }

  /// A call that is done as a whole or not at all.
  private func whole<Result: Sendable>(
    _ call: String, isChange: Bool,
    _ body: (inout SimulatedContents) throws(DiskError) -> Result
  ) throws(DiskError) -> Result {
    if let partial = try disk.begin(call, path, isChange: isChange) {
      throw disk.finish(partial, call, path)
    }
    return try inode.contents.withLock { contents throws(DiskError) in
      try disk.checkIsUp(call, path)
      return try body(&contents)
    }
  }
}

/// A part of a simulated file, in the very memory that the file's calls use.
///
/// `@unchecked Sendable`, as `SystemRegion`: the address never changes, and who writes where is for
/// the holders to agree on.
@safe
final class SimulatedRegion: MappedRegion, @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  var count: Int { range.count }

  private let inode: SimulatedInode
  private let range: Range<Int>
  private let isWritable: Bool

  init(
    _ inode: SimulatedInode, _ base: UnsafeMutableRawPointer, _ range: Range<Int>,
    _ isWritable: Bool
  ) {
    self.inode = inode
    unsafe self.base = base
    self.range = range
    self.isWritable = isWritable
  }

  deinit {
    inode.contents.withLock { $0.unmap(range, writable: isWritable) }
  }
}
