extension Disk {
  /// Makes a directory and those above it that are missing, and makes the names of what it has made
  /// durable.
  package func makeDirectories(_ path: String) throws(DiskError) {
    guard try kind(of: path) != .directory else { return }
    let above = parent(of: path)
    if above != path { try makeDirectories(above) }
    try makeDirectory(path)
    try syncDirectory(above)
  }

  /// Removes a folder with all that is in it.
  package func removeFolder(_ path: String) throws(DiskError) {
    for entry in try list(path) {
      let child = "\(path)/\(entry.name)"
      if entry.kind == .directory { try removeFolder(child) } else { try remove(child) }
    }
    try removeDirectory(path)
  }
}
