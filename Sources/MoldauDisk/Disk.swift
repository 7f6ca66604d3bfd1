/// The file-system calls that the engine makes, all of them.
///
/// `SystemDisk` makes them for real; `SimulatedDisk` keeps files in memory, loses what was not
/// synced when it crashes, and fails on request. Paths are absolute or relative to the process.
/// Every call may be made from any thread and may block.
package protocol Disk: Sendable {
  /// Opens a file.
  func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile

  /// Creates a directory whose parent exists; one that is there already is fine.
  func makeDirectory(_ path: String) throws(DiskError)

  /// Lists a directory in no particular order, without `.` and `..`.
  func list(_ path: String) throws(DiskError) -> [DirectoryEntry]

  /// Returns what is at `path`, or `nil` when nothing is.
  func kind(of path: String) throws(DiskError) -> DirectoryEntry.Kind?

  /// The size of the file at `path` in bytes.
  func size(of path: String) throws(DiskError) -> Int

  /// When the file at `path` was last changed, in milliseconds since 1970-01-01 00:00 UTC.
  func modificationTime(of path: String) throws(DiskError) -> Int64

  /// Says when the file at `path` was last changed.
  func setModificationTime(of path: String, to milliseconds: Int64) throws(DiskError)

  /// Renames a file or directory, replacing a file at `destination`. Durable only after
  /// `syncDirectory` of the parent.
  func rename(_ source: String, to destination: String) throws(DiskError)

  /// Removes a file (unlink). Open files stay readable.
  func remove(_ path: String) throws(DiskError)

  /// Removes an empty directory.
  func removeDirectory(_ path: String) throws(DiskError)

  /// Makes the names in a directory durable (fsync of the directory).
  func syncDirectory(_ path: String) throws(DiskError)

  /// Makes everything on the file system of `path` durable (syncfs), others' files too: cheaper than
  /// one sync each for many files, dearer for few.
  func syncFileSystem(_ path: String) throws(DiskError)

  /// Takes the exclusive lock on the file at `path`, creating it; `nil` when another holder has it.
  /// The lock is let go when the returned object is released.
  func lock(_ path: String) throws(DiskError) -> (any DiskLock)?

  /// The bytes that a process without privileges can still write to the file system of `path`.
  func availableBytes(at path: String) throws(DiskError) -> Int

  /// The size of the file system of `path` in bytes.
  func capacityBytes(at path: String) throws(DiskError) -> Int
}

package enum OpenMode: Sendable {
  /// The file must exist; reading only.
  case readOnly
  /// The file must exist; reading and writing.
  case readWrite
  /// Reading and writing; created when missing, kept when there.
  case create
  /// Reading and writing; created when missing, emptied when there.
  case createEmpty
}

package struct DirectoryEntry: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case file
    case directory
    case other
  }

  package var name: String
  package var kind: Kind

  package init(name: String, kind: Kind) {
    self.name = name
    self.kind = kind
  }
}

/// A held lock; released with the object.
package protocol DiskLock: AnyObject, Sendable {}
