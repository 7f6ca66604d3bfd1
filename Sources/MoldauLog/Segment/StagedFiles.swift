import MoldauDisk

/// Files that were written beside those whose place they are to take.
///
/// So a crash leaves the old ones or the new ones, whole. Owned by one thread.
struct StagedFiles {
  private let disk: any Disk
  /// Not kept open: a checkpoint of all logs has more of them than there may be descriptors.
  private var paths: [String] = []

  init(disk: any Disk) {
    self.disk = disk
  }

  var isEmpty: Bool { paths.isEmpty }

  /// Writes what the file at `path` is to hold.
  mutating func add(_ path: String, _ bytes: [UInt8]) throws(LogError) {
    do throws(DiskError) {
      let file = try disk.open(path + ".tmp", .createEmpty)
      // SAFETY: the buffer is the array's own storage and is not kept.
      try unsafe bytes.span.bytes.withUnsafeBytes { (buffer) throws(DiskError) in
        try unsafe file.write(buffer, at: 0)
      }
      paths.append(path)
    } catch {
      throw LogError(error)
    }
  }

  /// Makes the contents durable, file by file.
  func sync() throws(LogError) {
    do throws(DiskError) {
      for path in paths { try disk.open(path + ".tmp", .readOnly).sync() }
    } catch {
      throw LogError(error)
    }
  }

  /// Puts the files in place; their names are durable with the next sync of the folder.
  func install() throws(LogError) {
    do throws(DiskError) {
      for path in paths { try disk.rename(path + ".tmp", to: path) }
    } catch {
      throw LogError(error)
    }
  }

  /// Removes the files.
  func discard() throws(LogError) {
    do throws(DiskError) {
      for path in paths { try disk.remove(path + ".tmp") }
    } catch {
      throw LogError(error)
    }
  }
}
