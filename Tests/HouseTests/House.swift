import Foundation

/// The files of this package, for the tests that hold them to the rules of the house.
enum House {
  /// A text file and where it lies below the package's folder.
  struct File: Sendable, CustomStringConvertible {
    var path: String
    var lines: [String]

    /// The first folder below `Sources` or its like: the target.
    var target: String {
      path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
    }

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    var description: String { path }

    /// `path:line` of each line for which `isOffence` holds, with the line.
    func offences(where isOffence: (String) -> Bool) -> [String] {
      lines.enumerated().filter { isOffence($0.element) }
        .map { "\(path):\($0.offset + 1): \($0.element)" }
    }
  }

  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The Swift files below folders of the package.
  static func swiftFiles(in folders: String...) throws -> [File] {
    try folders.flatMap { try files(in: $0, extensions: ["swift"]) }
  }

  /// The files below `folder` whose names end in one of `extensions`, in the order of their paths.
  static func files(in folder: String, extensions: Set<String>) throws -> [File] {
    let start = root.appending(path: folder)
    guard
      let found = FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil)
    else { return [] }
    let urls = found.compactMap { $0 as? URL }.filter {
      extensions.contains($0.pathExtension) && !$0.path.contains("/.build")
        && !$0.path.contains("/Corpus/") && !$0.hasDirectoryPath
    }
    return try urls.map { try file(String($0.path.dropFirst(root.path.count + 1))) }
      .sorted { $0.path < $1.path }
  }

  static func file(_ path: String) throws -> File {
    let text = String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return File(path: path, lines: lines.map(String.init))
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path)
  }
}
