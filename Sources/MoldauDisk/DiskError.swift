import Glibc

/// A system call that failed.
package struct DiskError: Error, Hashable, Sendable {
  /// The call's C name, as `fdatasync`.
  package var call: String
  package var path: String
  package var errno: CInt

  package init(call: String, path: String, errno: CInt) {
    self.call = call
    self.path = path
    self.errno = errno
  }
}

extension DiskError {
  /// Whether the file system, or the user's share of it, is full (ENOSPC, EDQUOT).
  package var isOutOfSpace: Bool { errno == ENOSPC || errno == EDQUOT }

  /// Whether the call was to make something durable: it leaves unknown what is.
  package var isOfSync: Bool { call == "fdatasync" || call == "fsync" || call == "syncfs" }

  /// The system's words for an error number.
  package static func text(of errno: CInt) -> String {
    // SAFETY: strerror returns a C string that stays valid until the thread's next call.
    guard let text = unsafe strerror(errno) else { return "unknown error" }
    return unsafe String(cString: text)
  }
}
