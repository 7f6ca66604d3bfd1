#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Synchronization

/// Open folders through which their file systems are synced.
///
/// The kernel tells a descriptor of the errors since it was opened. One that is opened for each sync
/// would not hear of those before. Thread-safe.
final class FileSystemHandles: Sendable {
  private let folders = Mutex<[String: SystemFile]>([:])

  /// Opens the folder unless it is open.
  func open(_ path: String) throws(DiskError) {
    _ = try folder(path)
  }

  /// Makes all of the folder's file system durable.
  func sync(_ path: String) throws(DiskError) {
    try folder(path).syncFileSystem()
  }

  private func folder(_ path: String) throws(DiskError) -> SystemFile {
    try folders.withLock { (folders) throws(DiskError) in
      if let open = folders[path] { return open }
      let opened = SystemFile(try SystemCalls.openFile(path, O_RDONLY | O_DIRECTORY), path)
      folders[path] = opened
      return opened
    }
  }
}
