extension Disk {
  /// Removes a folder with all that is in it.
  package func removeFolder(_ path: String) throws(DiskError) {
    for entry in try list(path) {
      let child = "\(path)/\(entry.name)"
      if entry.kind == .directory { try removeFolder(child) } else { try remove(child) }
    }
    try removeDirectory(path)
  }
}
