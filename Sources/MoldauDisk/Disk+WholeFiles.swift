extension Disk {
  /// The whole contents of a file.
  package func contents(of path: String) throws(DiskError) -> [UInt8] {
    let file = try open(path, .readOnly)
    let size = try file.size()
    var bytes = [UInt8](repeating: 0, count: size)
    var failure: DiskError?
    var count = 0
    // SAFETY: the buffer is the array's own storage and is not kept.
    unsafe bytes.withUnsafeMutableBytes { buffer in
      do throws(DiskError) { count = try unsafe file.read(into: buffer, at: 0) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    bytes.removeLast(size - count)
    return bytes
  }

  /// Puts a file with these bytes in place of the one at `path` in one step: a reader, and a process
  /// that starts after a crash, finds the old contents or the new ones.
  ///
  /// With `isDurable` the file is synced before it is renamed and the folder after.
  package func replaceFile(
    at path: String, with bytes: [UInt8], isDurable: Bool
  ) throws(DiskError) {
    let temporaryPath = path + ".tmp"
    let file = try open(temporaryPath, .createEmpty)
    // SAFETY: the buffer is the array's own storage and is not kept.
    try unsafe bytes.span.bytes.withUnsafeBytes { (buffer) throws(DiskError) in
      try unsafe file.write(buffer, at: 0)
    }
    if isDurable { try file.sync() }
    try rename(temporaryPath, to: path)
    if isDurable { try syncDirectory(parent(of: path)) }
  }

  /// The folder that holds `path`.
  package func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
