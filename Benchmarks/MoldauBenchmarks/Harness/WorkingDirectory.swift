import Foundation
import Synchronization

/// A directory that is made for a run and removed, with all that is in it, after it.
struct WorkingDirectory: Sendable {
  let path: String

  /// A file system that discards freed blocks at once waits for the device with every file that is
  /// removed; waits of many threads overlap.
  private static let removingThreads = 16

  /// Makes a new directory inside `parent`, by default the system's temporary directory.
  init(inside parent: String?) throws {
    let parent = parent.map { URL(fileURLWithPath: $0) } ?? FileManager.default.temporaryDirectory
    let url = parent.appendingPathComponent("moldau-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  /// Makes an empty directory in this one and returns its path.
  func makeDirectory(_ name: String) throws -> String {
    let url = URL(fileURLWithPath: path).appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    return url.path
  }

  func removeDirectory(_ path: String) throws {
    try FileManager.default.removeItem(atPath: path)
  }

  /// Removes the directory: the folders of partitions first, many at a time.
  func remove() throws {
    let folders = FolderQueue(try Self.folders(in: path, depth: 3))
    let group = DispatchGroup()
    for _ in 0..<Self.removingThreads {
      group.enter()
      Thread.detachNewThread {
        while let folder = folders.next() {
          do { try FileManager.default.removeItem(atPath: folder) } catch {
            // What is left is met once more, and reported, by the caller's thread.
            continue
          }
        }
        group.leave()
      }
    }
    group.wait()
    try FileManager.default.removeItem(atPath: path)
  }

  /// The folders `depth` levels below `path`.
  private static func folders(in path: String, depth: Int) throws -> [String] {
    guard depth > 0 else { return [path] }
    return try FileManager.default.contentsOfDirectory(atPath: path)
      .map { "\(path)/\($0)" }
      .filter { name in
        var isDirectory = ObjCBool(false)
        return unsafe FileManager.default.fileExists(atPath: name, isDirectory: &isDirectory)
          && isDirectory.boolValue
      }
      .flatMap { try folders(in: $0, depth: depth - 1) }
  }
}

/// Folders that several threads take, each once.
private final class FolderQueue: Sendable {
  private let folders: Mutex<[String]>

  init(_ folders: [String]) {
    self.folders = Mutex(folders)
  }

  func next() -> String? {
    folders.withLock { $0.popLast() }
  }
}
