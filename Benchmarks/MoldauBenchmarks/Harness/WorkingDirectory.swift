import Foundation

/// A directory that is made for a run and removed, with all that is in it, after it.
struct WorkingDirectory: Sendable {
  let path: String

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

  func remove() throws {
    try FileManager.default.removeItem(atPath: path)
  }
}
