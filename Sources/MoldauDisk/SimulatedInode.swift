import Synchronization

/// A file of a `SimulatedDisk` as its names and open files share it.
final class SimulatedInode: Sendable {
  let contents: Mutex<SimulatedContents>
  /// When it was last changed, in milliseconds since 1970.
  let modifiedMilliseconds: Atomic<Int64>
  /// Whether a `SimulatedLock` is held.
  let isLocked = Atomic(false)

  init(_ contents: consuming sending SimulatedContents, modifiedMilliseconds: Int64) {
    self.contents = Mutex(contents)
    self.modifiedMilliseconds = Atomic(modifiedMilliseconds)
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
