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
