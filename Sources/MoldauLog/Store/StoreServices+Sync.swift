import MoldauDisk

extension StoreServices {
  /// Syncs the file of a segment; a failure poisons the store.
  func sync(_ segment: Segment) throws(LogError) {
    do throws(LogError) {
      // Before the lock: to open it, another file may have to be synced and closed.
      let file = try segment.file()
      try segment.directory.syncing.withLock { _ throws(LogError) in
        // The kernel tells of a failure once: a second sync of the file seems to succeed.
        try checkHealth()
        let byteCount = segment.byteCount
        do throws(DiskError) { try file.sync() } catch { throw failedSync(error) }
        segment.noteSynced(byteCount: byteCount)
      }
    } catch {
      // The files of a deleted topic have other names.
      guard segment.directory.isGone else { throw error }
    }
  }

  /// Syncs the file of a segment that is to be closed for others' sake; returns whether it may be.
  func syncBeforeClose(_ segment: Segment) -> Bool {
    do throws(LogError) {
      try sync(segment)
      return true
    } catch {
      logger.error("\(segment.logPath) stays open: \(error)")
      return false
    }
  }
}
