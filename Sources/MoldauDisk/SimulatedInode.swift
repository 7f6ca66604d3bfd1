import Synchronization

/// A file of a `SimulatedDisk` as its names and open files share it.
final class SimulatedInode: Sendable {
  let contents: Mutex<SimulatedContents>
  /// Whether a `SimulatedLock` is held.
  let isLocked = Atomic(false)

  init(_ contents: consuming sending SimulatedContents) {
    self.contents = Mutex(contents)
  }
}

/// A directory of a `SimulatedDisk`; guarded by the disk's lock.
final class SimulatedDirectory {
  var entries: [String: SimulatedNode] = [:]
  /// What a power cut leaves when it takes all that is pending.
  var durableEntries: [String: SimulatedNode] = [:]
}

enum SimulatedNode {
  case file(SimulatedInode)
  case directory(SimulatedDirectory)

  var kind: DirectoryEntry.Kind {
    switch self {
    case .file: .file
    case .directory: .directory
    }
  }
}
