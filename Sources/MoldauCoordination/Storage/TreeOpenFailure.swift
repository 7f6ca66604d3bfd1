package import MoldauLog

/// Why a tree that is kept in a log is not opened.
package enum TreeOpenFailure: Error, Equatable {
  /// The log could not be opened, or describes no tree.
  case log(LogError)
  /// Changes that were answered may be lost, so that topics would be missing or as they were before.
  /// Stays so until someone removes the file `note`, which says what was found.
  case lostChanges(folder: String, note: String)
}

extension TreeOpenFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .log(let error): "\(error)"
    case .lostChanges(let folder, let note):
      "\(folder) is damaged, and what it has of the cluster may be incomplete (\(note) says what was"
        + " found): put a backup of the folder in its place; or copy the whole directory and remove"
        + " \(note) to go on with what is left, whereupon partitions of topics that it does not"
        + " know are set aside (folders that end in -stray)"
    }
  }
}
