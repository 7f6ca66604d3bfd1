import MoldauDisk
import MoldauFormat

/// Ends, on opening, a reset that a crash has cut short: `PartitionLog.reset`.
struct ResetRecovery {
  let directory: PartitionDirectory
  let wasClean: Bool

  /// Empties the folder when its log was being reset; returns where that goes on.
  ///
  /// The marker stays until the log's start is in the checkpoint. Beside that of a clean stop it is over:
  /// another program has been here.
  func run() throws(LogError) -> Offset? {
    guard let marker = try directory.marker(StoreLayout.resetMarker) else { return nil }
    do throws(DiskError) {
      guard !wasClean else {
        try directory.disk.remove(directory.path(StoreLayout.resetMarker))
        return nil
      }
      // A process that was killed may have left the marker where a power cut still takes it.
      try directory.disk.syncDirectory(directory.path)
      for entry in try directory.disk.list(directory.path) where entry.kind == .file {
        guard
          SegmentFileName(parsing: entry.name) != nil
            || [StoreLayout.leaderEpochs, StoreLayout.missingMarker].contains(entry.name)
        else { continue }
        try directory.disk.remove(directory.path(entry.name))
      }
      try directory.disk.syncDirectory(directory.path)
    } catch {
      throw LogError(error)
    }
    return marker.offset
  }
}
