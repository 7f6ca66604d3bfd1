import Foundation
import MoldauChildProcess

/// Runs Debian's kcat: a client that nobody here wrote.
enum Kcat {
  static let path = "/usr/bin/kcat"

  static var isThere: Bool { FileManager.default.isExecutableFile(atPath: path) }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs it with `arguments` and `input`; returns what it prints.
  static func run(_ arguments: [String], input: String = "") throws -> String {
    let process = try ChildProcess(path, arguments, input: input)
    let output = process.readToEnd()
    let ending = process.wait()
    guard ending == .exited(0) else {
      throw Failure(
        description: "kcat \(arguments.joined(separator: " ")): \(ending): \(process.errorText)")
    }
    return output
  }
}
