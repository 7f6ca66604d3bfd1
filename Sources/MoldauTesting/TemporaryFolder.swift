import Glibc
import MoldauDisk

/// A fresh folder for one broker.
struct TemporaryFolder: Sendable {
  let path: String

  /// Makes one in `TMPDIR`, or in the system's folder for such.
  init() throws(DiskError) {
    // SAFETY: the text is copied before anything else can change the environment.
    let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/moldau-test-XXXXXX".utf8CString)
    // SAFETY: mkdtemp replaces the Xs within the array, which ends with a zero.
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer -> String? in
      guard let start = buffer.baseAddress, let made = unsafe mkdtemp(start) else { return nil }
      return unsafe String(cString: made)
    }
    guard let made else { throw DiskError(call: "mkdtemp", path: parent, errno: errno) }
    path = made
  }

  /// Removes the folder with all that is in it.
  func remove() throws(DiskError) {
    try SystemDisk().removeFolder(path)
  }
}
