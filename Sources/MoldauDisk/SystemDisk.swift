#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The operating system's files.
package struct SystemDisk: Disk {
  private let fileSystems = FileSystemHandles()

  package init() {}

  package func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
    let flags =
      switch mode {
      case .readOnly: O_RDONLY
      case .readWrite: O_RDWR
      case .create: O_RDWR | O_CREAT
      case .createEmpty: O_RDWR | O_CREAT | O_TRUNC
      }
    return SystemFile(try SystemCalls.openFile(path, flags), path)
  }

  package func makeDirectory(_ path: String) throws(DiskError) {
    guard try !SystemCalls.makeDirectory(path) else { return }
    guard try SystemCalls.kind(of: path) == .directory else {
      throw DiskError(call: "mkdir", path: path, errno: EEXIST)
    }
  }

  package func list(_ path: String) throws(DiskError) -> [DirectoryEntry] {
    try SystemCalls.list(path)
  }

  package func kind(of path: String) throws(DiskError) -> DirectoryEntry.Kind? {
    try SystemCalls.kind(of: path)
  }

  package func size(of path: String) throws(DiskError) -> Int {
    try SystemCalls.size(of: path)
  }

  package func modificationTime(of path: String) throws(DiskError) -> Int64 {
    try SystemCalls.modificationTime(of: path)
  }

  package func setModificationTime(of path: String, to milliseconds: Int64) throws(DiskError) {
    try SystemCalls.setModificationTime(of: path, to: milliseconds)
  }

  package func rename(_ source: String, to destination: String) throws(DiskError) {
    try SystemCalls.renameEntry(source, to: destination)
  }

  package func remove(_ path: String) throws(DiskError) {
    try SystemCalls.removeFile(path)
  }

  package func removeDirectory(_ path: String) throws(DiskError) {
    try SystemCalls.removeDirectory(path)
  }

  package func syncDirectory(_ path: String) throws(DiskError) {
    try SystemCalls.syncDirectory(path)
  }

  package func syncFileSystem(_ path: String) throws(DiskError) {
    try fileSystems.sync(path)
  }

  package func lock(_ path: String) throws(DiskError) -> (any DiskLock)? {
    // A lock belongs to the open file description, so a second one in this process is refused too.
    let file = SystemFile(try SystemCalls.openFile(path, O_RDWR | O_CREAT), path)
    guard try file.lock() else { return nil }
    // Whoever takes a lock is about to write: errors from here on are what syncs have to tell of.
    try fileSystems.open(parent(of: path))
    return SystemLock(file)
  }

  package func availableBytes(at path: String) throws(DiskError) -> Int {
    try SystemCalls.fileSystem(of: path).availableBytes
  }

  package func capacityBytes(at path: String) throws(DiskError) -> Int {
    try SystemCalls.fileSystem(of: path).capacityBytes
  }
}

/// A lock of `flock`, let go with the object, also by the death of the process.
final class SystemLock: DiskLock {
  private let file: SystemFile

  init(_ file: SystemFile) {
    self.file = file
  }

  /// Closing the file would not do: a process that another thread is just starting has a copy of the
  /// descriptor, and with it the lock, until it runs its program.
  deinit {
    file.unlock()
  }
}
