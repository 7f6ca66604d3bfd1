import Foundation
import MoldauFuzz

/// The inputs that are kept with the sources: real ones, and those that opened a new path.
enum Corpus {
  /// How many mutations of it each target is fed with.
  static let mutationCount = 2_000

  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Corpus")

  struct File {
    let name: String
    let bytes: [UInt8]
  }

  /// The names of the targets that have a corpus.
  static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  static func files(of target: FuzzTarget) throws -> [File] {
    let folder = folder.appending(path: target.name)
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
      File(name: name, bytes: Array(try Data(contentsOf: folder.appending(path: name))))
    }
  }
}
