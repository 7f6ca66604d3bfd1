import MoldauChildProcess
import Foundation

/// What this machine lets the tests do, and where things are.
enum Machine {
  /// The folder of the programs that were built together with the tests.
  static let programs = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().path

  static var moldau: String { "\(programs)/moldau" }
  static var writer: String { "\(programs)/moldau-writer" }

  /// How often each loop kills its process: `MOLDAU_PROCESS_ROUNDS`, a few without it.
  static let rounds =
    ProcessInfo.processInfo.environment["MOLDAU_PROCESS_ROUNDS"]
    .flatMap(Int.init) ?? 3

  /// Whether file systems can be mounted: that takes root, and a container may refuse it.
  static let canMount = probe {
    try withFolder { folder in
      let isMounted =
        try run("mount", "-t", "tmpfs", "-o", "size=1m", "moldau-test", folder).code == 0
      return try isMounted && run("umount", folder).code == 0
    }
  }

  /// Whether an XFS image can be mounted through a loop device, and be shut down.
  static let canCutPower =
    canMount
    && probe {
      try withFolder { folder in
        let image = try XFSImage(in: folder)
        defer { image.unmount() }
        return try image.isMounted && (run("xfs_io", "-V").code == 0)
      }
    }

  /// Whether failures of system calls can be injected.
  static let canInject = probe {
    try run("strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true").code
      == 0
  }

  private static func probe(_ body: () throws -> Bool) -> Bool {
    do { return try body() } catch { return false }
  }
}

/// Calls `body` with a fresh folder and removes it.
func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
  let folder = FileManager.default.temporaryDirectory.path + "/moldau-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  let result = Result { try body(folder) }
  try FileManager.default.removeItem(atPath: folder)
  return try result.get()
}

/// An XFS file system in an image file, mounted through a loop device: a disk whose power can be cut.
final class XFSImage {
  let mountPoint: String
  private let image: String
  private(set) var isMounted = false

  /// Makes and mounts one in `folder`.
  init(in folder: String) throws {
    image = "\(folder)/disk.img"
    mountPoint = "\(folder)/mount"
    try FileManager.default.createDirectory(atPath: mountPoint, withIntermediateDirectories: true)
    // XFS wants 300 MB; the file is sparse.
    guard try run("truncate", "-s", "320M", image).code == 0,
      try run("mkfs.xfs", "-q", image).code == 0
    else { return }
    try mount()
  }

  func mount() throws {
    isMounted = try run("mount", "-o", "loop", image, mountPoint).code == 0
  }

  /// What was not written to the device by now never will be.
  func cutPower() throws -> Bool {
    try run("xfs_io", "-x", "-c", "shutdown", mountPoint).code == 0
  }

  func unmount() {
    guard isMounted else { return }
    do {
      isMounted = try run("umount", mountPoint).code != 0
    } catch {
      isMounted = true
    }
  }
}
