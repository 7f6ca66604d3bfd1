/// The names of nodes: `/`, or components that each have a slash in front.
package enum NodePath {
  /// Whether a tree takes the path: ZooKeeper's rules.
  ///
  /// - Complexity: O(*n*) in the path's length.
  package static func isValid(_ path: String) -> Bool {
    guard path.utf8.first == UInt8(ascii: "/") else { return false }
    guard path != "/" else { return true }
    let components = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    return components.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
      && path.unicodeScalars.allSatisfy(isValid)
  }

  private static func isValid(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0...0x1F, 0x7F...0x9F, 0xD800...0xF8FF, 0xFFF0...0xFFFF: false
    default: true
    }
  }

  /// The node above; that of `/` is `/`.
  package static func parent(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else {
      return "/"
    }
    return String(path[..<slash])
  }

  /// The last component.
  package static func name(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  /// The path of a node's child.
  package static func child(_ name: String, of parent: String) -> String {
    parent == "/" ? "/" + name : parent + "/" + name
  }

  /// The path that a sequential node gets: its parent has had `count` children before.
  static func sequential(_ path: String, after count: Int32) -> String {
    let digits = String(count)
    return path + String(repeating: "0", count: max(10 - digits.utf8.count, 0)) + digits
  }
}
