import Foundation

/// A file that the baseline reads or writes; closed when it is released.
final class BaselineFile {
  let descriptor: CInt
  let path: String

  /// Opens a file that exists.
  convenience init(opening path: String) throws(BaselineError) {
    try self.init(path, flags: O_RDWR)
  }

  /// Makes an empty file.
  convenience init(creating path: String) throws(BaselineError) {
    try self.init(path, flags: O_RDWR | O_CREAT | O_TRUNC)
  }

  /// Makes a file of `byteCount` bytes that are written and synced.
  convenience init(creating path: String, writing byteCount: Int) throws(BaselineError) {
    try self.init(creating: path)
    let zeros = [UInt8](repeating: 0, count: 1 << 20)
    for position in stride(from: 0, to: byteCount, by: zeros.count) {
      try write(Array(zeros[..<min(zeros.count, byteCount - position)]), at: position)
    }
    try sync()
  }

  /// Makes a file of `bytes`.
  convenience init(creating path: String, bytes: [UInt8]) throws(BaselineError) {
    try self.init(creating: path)
    try write(bytes, at: 0)
  }

  private init(_ path: String, flags: CInt) throws(BaselineError) {
    // SAFETY: the path lives during the call.
    descriptor = unsafe open(path, flags | O_CLOEXEC, 0o644)
    self.path = path
    guard descriptor >= 0 else { throw BaselineError("open of \(path): errno \(errno)") }
  }

  deinit {
    close(descriptor)
  }

  /// Writes `bytes` at `position`; a hole is left behind what was there.
  func write(_ bytes: [UInt8], at position: Int) throws(BaselineError) {
    // SAFETY: the kernel reads at most `bytes.count` bytes.
    let written = unsafe bytes.withUnsafeBytes { bytes in
      unsafe pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(position))
    }
    guard written == bytes.count else {
      throw BaselineError("pwrite to \(path) wrote \(written) bytes: errno \(errno)")
    }
  }

  /// Waits until the device has what was written.
  func sync() throws(BaselineError) {
    guard fdatasync(descriptor) == 0 else {
      throw BaselineError("fdatasync of \(path): errno \(errno)")
    }
  }
}
