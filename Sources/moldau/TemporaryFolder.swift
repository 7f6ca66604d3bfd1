import Glibc

/// A folder of one's own for a while.
enum TemporaryFolder {
  /// Makes one in `TMPDIR`, else in `/tmp`, whose name begins with `prefix`.
  static func make(_ prefix: String) throws(CommandFailure) -> String {
    // SAFETY: the string is copied before anyone can change the environment.
    let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/\(prefix)-XXXXXX".utf8CString)
    // SAFETY: mkdtemp replaces the Xs within the array, which ends with a zero.
    let folder = unsafe template.withUnsafeMutableBufferPointer { buffer -> String? in
      guard let start = buffer.baseAddress, let made = unsafe mkdtemp(start) else { return nil }
      return unsafe String(cString: made)
    }
    guard let folder else { throw CommandFailure("no folder can be made in \(parent)") }
    return folder
  }
}
