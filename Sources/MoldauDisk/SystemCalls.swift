// Every system call of the engine, and nothing else. Each is retried when a signal interrupts it,
// and traps on EBADF and EFAULT, which only a bug of ours can cause.

import CMoldau

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The kernel, with Swift's types and errors.
///
/// `path` is what an error names; calls on a descriptor do not look at it otherwise.
enum SystemCalls {
  /// The size of a page of memory, to a multiple of which maps start.
  static let pageByteCount = Int(sysconf(CInt(_SC_PAGESIZE)))

  /// The longest transfer that one call takes on: Linux moves at most this many bytes.
  private static let transferByteLimit = 0x7fff_f000

  // MARK: Descriptors

  /// `open`, with O_CLOEXEC; new files are made with mode 0666 less the umask.
  static func openFile(_ path: String, _ flags: CInt) throws(DiskError) -> CInt {
    try checkPath(path, "open")
    // SAFETY: the path is a terminated string that lives for the call.
    let descriptor = retrying { unsafe Int(open(path, flags | O_CLOEXEC, 0o666)) }
    guard descriptor >= 0 else { throw failure("open", path) }
    return CInt(descriptor)
  }

  /// `close`. Its result is of no use: what matters was synced before, and a retry could close a
  /// descriptor that another thread has just been given.
  static func closeFile(_ descriptor: CInt) {
    _ = close(descriptor)
  }

  /// `fstat`: the file's size.
  static func size(of descriptor: CInt, path: String) throws(DiskError) -> Int {
    var status = stat()
    // SAFETY: the kernel fills the structure, which outlives the call.
    guard unsafe fstat(descriptor, &status) == 0 else { throw failure("fstat", path) }
    return Int(status.st_size)
  }

  /// `pread`, until `buffer` is full or the file ends; returns the count read.
  ///
  /// HOT: once per read. No allocation.
  static func read(
    _ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer, at position: Int, path: String
  ) throws(DiskError) -> Int {
    var done = 0
    while done < buffer.count {
      let count = min(buffer.count - done, transferByteLimit)
      // SAFETY: `done + count` is at most the buffer's count.
      let result = retrying {
        unsafe pread(
          descriptor, buffer.baseAddress.map { unsafe $0 + done }, count, position + done)
      }
      guard result >= 0 else { throw failure("pread", path) }
      guard result > 0 else { break }
      done += result
    }
    return done
  }

  /// `pwrite`, until all of `bytes` are written.
  ///
  /// HOT: once per write. No allocation.
  static func write(
    _ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at position: Int, path: String
  ) throws(DiskError) {
    var done = 0
    while done < bytes.count {
      let count = min(bytes.count - done, transferByteLimit)
      // SAFETY: `done + count` is at most the buffer's count.
      let result = retrying {
        unsafe pwrite(
          descriptor, bytes.baseAddress.map { unsafe $0 + done }, count, position + done)
      }
      guard result >= 0 else { throw failure("pwrite", path) }
      // A regular file takes at least a byte or fails; anything else would loop for ever.
      guard result > 0 else { throw DiskError(call: "pwrite", path: path, errno: EIO) }
      done += result
    }
  }

  /// `pwritev` of two parts; what a short write leaves over goes by `pwrite`.
  ///
  /// HOT: once per appended batch. No allocation.
  static func write(
    _ descriptor: CInt, _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer,
    at position: Int, path: String
  ) throws(DiskError) {
    // SAFETY: pwritev only reads through the two vectors, which live for the call, and both name
    // buffers of the caller with their own counts.
    let result = unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { parts in
      unsafe parts.initializeElement(
        at: 0,
        to: iovec(
          iov_base: UnsafeMutableRawPointer(mutating: head.baseAddress), iov_len: head.count))
      unsafe parts.initializeElement(
        at: 1,
        to: iovec(
          iov_base: UnsafeMutableRawPointer(mutating: body.baseAddress), iov_len: body.count))
      return retrying { unsafe pwritev(descriptor, parts.baseAddress, 2, position) }
    }
    guard result >= 0 else { throw failure("pwritev", path) }
    guard result < head.count + body.count else { return }
    if result < head.count {
      try unsafe write(
        descriptor, UnsafeRawBufferPointer(rebasing: head[result...]), at: position + result,
        path: path)
      try unsafe write(descriptor, body, at: position + head.count, path: path)
    } else {
      try unsafe write(
        descriptor, UnsafeRawBufferPointer(rebasing: body[(result - head.count)...]),
        at: position + result, path: path)
    }
  }

  /// `ftruncate`.
  static func truncate(_ descriptor: CInt, to byteCount: Int, path: String) throws(DiskError) {
    guard retrying({ Int(ftruncate(descriptor, byteCount)) }) == 0 else {
      throw failure("ftruncate", path)
    }
  }

  /// `fallocate`, growing the file. Keeps the promise of `posix_fallocate`, whose stand-in for file
  /// systems without the call (writing a byte into each block) is not wanted: they get EOPNOTSUPP.
  static func allocate(
    _ descriptor: CInt, _ count: Int, at position: Int, path: String
  ) throws(DiskError) {
    guard retrying({ Int(moldau_fallocate(descriptor, Int64(position), Int64(count))) }) == 0 else {
      throw failure("fallocate", path)
    }
  }

  /// `fdatasync`. An error is final: the kernel may have dropped the data.
  static func syncData(_ descriptor: CInt, path: String) throws(DiskError) {
    guard retrying({ Int(fdatasync(descriptor)) }) == 0 else { throw failure("fdatasync", path) }
  }

  /// `flock` with LOCK_EX and LOCK_NB, and `fcntl` with F_OFD_SETLK, which is the kind that a Kafka
  /// broker holds; false when another open file description, or a process, holds either.
  static func lock(_ descriptor: CInt, path: String) throws(DiskError) -> Bool {
    guard retrying({ Int(flock(descriptor, LOCK_EX | LOCK_NB)) }) == 0 else {
      guard errno == EWOULDBLOCK else { throw failure("flock", path) }
      return false
    }
    if retrying({ Int(moldau_lock(descriptor)) }) == 0 { return true }
    guard errno == EWOULDBLOCK || errno == EACCES else { throw failure("fcntl", path) }
    return false
  }

  /// Undoes `lock`. Cannot fail for an open descriptor.
  static func unlock(_ descriptor: CInt) {
    _ = moldau_unlock(descriptor)
    _ = flock(descriptor, LOCK_UN)
  }

  // MARK: Memory

  /// `mmap` of a file, shared.
  static func map(
    _ descriptor: CInt, _ count: Int, at position: Int, writable: Bool, path: String
  ) throws(DiskError) -> UnsafeMutableRawPointer {
    let protection = writable ? PROT_READ | PROT_WRITE : PROT_READ
    // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
    let base = unsafe mmap(nil, count, protection, MAP_SHARED, descriptor, position)
    guard let base = unsafe base, unsafe base != MAP_FAILED else { throw failure("mmap", path) }
    // Filling the page table at once saves a fault for each page; it is only a help.
    if writable { unsafe madvise(base, count, populateForWriting) }
    return unsafe base
  }

  /// MADV_POPULATE_WRITE, which Swift's C library module does not show; Linux 5.14 and later.
  private static let populateForWriting: CInt = 23

  /// `mmap` of `count` bytes of zeros that take up memory only where they are written.
  static func reserveMemory(_ count: Int, path: String) throws(DiskError) -> UnsafeMutableRawPointer
  {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    // SAFETY: as in `map`.
    let base = unsafe mmap(nil, count, PROT_READ | PROT_WRITE, flags, -1, 0)
    guard let base = unsafe base, unsafe base != MAP_FAILED else { throw failure("mmap", path) }
    return unsafe base
  }

  /// `madvise` with MADV_DONTNEED: whole pages of reserved memory read as zeros again.
  static func discardMemory(_ base: UnsafeMutableRawPointer, _ count: Int) {
    // SAFETY: the caller owns the reserved range.
    let result = unsafe madvise(base, count, MADV_DONTNEED)
    precondition(result == 0, "madvise failed: \(errno)")
  }

  /// `munmap`.
  static func unmap(_ base: UnsafeMutableRawPointer, _ count: Int) {
    // SAFETY: the caller owns the mapping and gives it up.
    let result = unsafe munmap(base, count)
    precondition(result == 0, "munmap failed: \(errno)")
  }

  // MARK: Names

  /// `mkdir`, mode 0777 less the umask; false when the name is taken.
  static func makeDirectory(_ path: String) throws(DiskError) -> Bool {
    try checkPath(path, "mkdir")
    // SAFETY: the path is a terminated string that lives for the call.
    if unsafe mkdir(path, 0o777) == 0 { return true }
    guard errno == EEXIST else { throw failure("mkdir", path) }
    return false
  }

  /// `stat`, following links; `nil` when nothing is there.
  static func kind(of path: String) throws(DiskError) -> DirectoryEntry.Kind? {
    try checkPath(path, "stat")
    var status = stat()
    // SAFETY: the kernel fills the structure, which outlives the call.
    if unsafe stat(path, &status) == 0 { return kind(ofMode: status.st_mode) }
    guard errno == ENOENT || errno == ENOTDIR else { throw failure("stat", path) }
    return nil
  }

  /// `stat`, following links: the size of a file.
  static func size(of path: String) throws(DiskError) -> Int {
    try checkPath(path, "stat")
    var status = stat()
    // SAFETY: the kernel fills the structure, which outlives the call.
    guard unsafe stat(path, &status) == 0 else { throw failure("stat", path) }
    return Int(status.st_size)
  }

  /// `stat`, following links: when a file was last changed, in milliseconds since 1970.
  static func modificationTime(of path: String) throws(DiskError) -> Int64 {
    try checkPath(path, "stat")
    var status = stat()
    // SAFETY: the kernel fills the structure, which outlives the call.
    guard unsafe stat(path, &status) == 0 else { throw failure("stat", path) }
    return Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
  }

  /// UTIME_OMIT, a macro that Swift does not see.
  private static let unchangedTime = (1 << 30) - 2

  /// `utimensat`: says when a file was last changed; its access time stays.
  static func setModificationTime(
    of path: String, to milliseconds: Int64
  ) throws(DiskError) {
    try checkPath(path, "utimensat")
    let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
    var access = timespec()
    access.tv_nsec = unchangedTime
    var change = timespec()
    change.tv_sec = Int(seconds)
    change.tv_nsec = Int(rest) * 1_000_000
    let times = (access, change)
    // SAFETY: a tuple of two lies as the array of two that the call reads.
    let result = unsafe withUnsafePointer(to: times) { pair in
      unsafe pair.withMemoryRebound(to: timespec.self, capacity: 2) { times in
        unsafe utimensat(AT_FDCWD, path, times, 0)
      }
    }
    guard result == 0 else { throw failure("utimensat", path) }
  }

  /// `clock_gettime` of the real-time clock, in milliseconds; at most a timer tick behind.
  static func nowMilliseconds() -> Int64 {
    var time = timespec()
    // SAFETY: the call fills in `time`, and cannot fail for a clock that exists.
    unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// `rename`.
  static func renameEntry(_ source: String, to destination: String) throws(DiskError) {
    try checkPath(source, "rename")
    try checkPath(destination, "rename")
    // SAFETY: both paths are terminated strings that live for the call.
    guard unsafe rename(source, destination) == 0 else { throw failure("rename", source) }
  }

  /// `unlink`.
  static func removeFile(_ path: String) throws(DiskError) {
    try checkPath(path, "unlink")
    // SAFETY: the path is a terminated string that lives for the call.
    guard unsafe unlink(path) == 0 else { throw failure("unlink", path) }
  }

  /// `rmdir`.
  static func removeDirectory(_ path: String) throws(DiskError) {
    try checkPath(path, "rmdir")
    // SAFETY: the path is a terminated string that lives for the call.
    guard unsafe rmdir(path) == 0 else { throw failure("rmdir", path) }
  }

  /// `fsync` of the directory at `path`.
  static func syncDirectory(_ path: String) throws(DiskError) {
    let descriptor = try openFile(path, O_RDONLY | O_DIRECTORY)
    defer { closeFile(descriptor) }
    guard retrying({ Int(fsync(descriptor)) }) == 0 else { throw failure("fsync", path) }
  }

  /// `syncfs` of the file system that holds an open directory.
  static func syncFileSystem(_ descriptor: Int32, _ path: String) throws(DiskError) {
    guard retrying({ Int(moldau_syncfs(descriptor)) }) == 0 else { throw failure("syncfs", path) }
  }

  /// `opendir`, `readdir` and `closedir`; `fstatat` where the directory does not tell a kind or
  /// holds a link.
  static func list(_ path: String) throws(DiskError) -> [DirectoryEntry] {
    try checkPath(path, "opendir")
    // SAFETY: the path is a terminated string; the stream is closed on every way out.
    guard let stream = unsafe opendir(path) else { throw failure("opendir", path) }
    defer { _ = unsafe closedir(stream) }
    var entries: [DirectoryEntry] = []
    while true {
      errno = 0
      // SAFETY: this thread alone uses the stream; the entry is read before the next call.
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe String(cString: UnsafeRawPointer(field).assumingMemoryBound(to: CChar.self))
      }
      guard name != ".", name != ".." else { continue }
      let kind: DirectoryEntry.Kind
      switch unsafe Int(entry.pointee.d_type) {
      case Int(DT_REG): kind = .file
      case Int(DT_DIR): kind = .directory
      case Int(DT_UNKNOWN), Int(DT_LNK):
        // SAFETY: the kernel fills the structure; the name is a terminated string.
        var status = stat()
        let isThere = unsafe fstatat(dirfd(stream), name, &status, 0) == 0
        kind = isThere ? self.kind(ofMode: status.st_mode) : .other
      default: kind = .other
      }
      entries.append(DirectoryEntry(name: name, kind: kind))
    }
    guard errno == 0 else { throw failure("readdir", path) }
    return entries
  }

  /// `statvfs`: the bytes left to a process without privileges, and those that there are in all.
  static func fileSystem(
    of path: String
  ) throws(DiskError) -> (availableBytes: Int, capacityBytes: Int) {
    try checkPath(path, "statvfs")
    var status = statvfs()
    // SAFETY: the kernel fills the structure, which outlives the call.
    guard retrying({ unsafe Int(statvfs(path, &status)) }) == 0 else {
      throw failure("statvfs", path)
    }
    let blockBytes = UInt64(status.f_frsize)
    return (
      Int(clamping: UInt64(status.f_bavail) * blockBytes),
      Int(clamping: UInt64(status.f_blocks) * blockBytes)
    )
  }

  // MARK: Shared

  private static func kind(ofMode mode: mode_t) -> DirectoryEntry.Kind {
    switch mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .directory
    default: .other
    }
  }

  /// C would stop reading a path at a NUL and act on another file.
  private static func checkPath(_ path: String, _ call: String) throws(DiskError) {
    if path.utf8.contains(0) { throw DiskError(call: call, path: path, errno: EINVAL) }
  }

  @inline(always)
  private static func retrying(_ call: () -> Int) -> Int {
    while true {
      let result = call()
      if result != -1 || errno != EINTR { return result }
    }
  }

  /// The error of the call that has just failed on this thread.
  @inline(never)
  private static func failure(_ call: String, _ path: String) -> DiskError {
    let code = errno
    precondition(code != EBADF && code != EFAULT, "\(call) of \(path) failed with \(code): our bug")
    return DiskError(call: call, path: path, errno: code)
  }
}
