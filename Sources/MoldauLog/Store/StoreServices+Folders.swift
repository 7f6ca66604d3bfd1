import MoldauDisk

extension StoreServices {
  /// Removes folders of a deleted topic on the maintenance thread, some at a time: that of thousands
  /// takes a minute on some file systems, and the thread has other work.
  func removeFolders(_ folders: ArraySlice<String>) {
    maintenance.add { [weak self] in
      guard let self else { return }
      for folder in folders.prefix(Limits.foldersRemovedTogether) {
        do throws(DiskError) { try disk.removeFolder(folder) } catch {
          logger.warning("\(folder) could not be removed: \(error)")
        }
      }
      let rest = folders.dropFirst(Limits.foldersRemovedTogether)
      if !rest.isEmpty { removeFolders(rest) }
    }
  }
}
