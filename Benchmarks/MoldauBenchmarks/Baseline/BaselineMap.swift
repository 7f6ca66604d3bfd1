import Foundation

/// A whole file in memory, for reading; unmapped when it is released.
@safe
final class BaselineMap {
  /// Valid as long as the map lives.
  let bytes: UnsafePointer<UInt8>
  let count: Int

  init(_ path: String) throws(BaselineError) {
    let file = try BaselineFile(opening: path)
    let size = Int(lseek(file.descriptor, 0, SEEK_END))
    guard size > 0 else { throw BaselineError("\(path) is empty") }
    // SAFETY: a fresh private mapping of a file that nobody truncates while the row runs.
    let base = unsafe mmap(nil, size, PROT_READ, MAP_SHARED, file.descriptor, 0)
    guard let base = unsafe base, unsafe base != MAP_FAILED else {
      throw BaselineError("mmap of \(path): errno \(errno)")
    }
    unsafe bytes = UnsafePointer(base.bindMemory(to: UInt8.self, capacity: size))
    count = size
  }

  deinit {
    // SAFETY: mapped in `init`, and nobody holds `bytes` past the object.
    unsafe munmap(UnsafeMutableRawPointer(mutating: bytes), count)
  }
}
