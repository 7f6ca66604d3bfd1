/// The part of a tree that a client sees as all of it.
///
/// Maps what the client says to paths of the tree, and what the tree says back.
package struct Chroot: Hashable, Sendable {
  /// The node that the client sees as `/`.
  package let path: String

  /// The whole tree.
  package static let none = Chroot("/")

  /// - Precondition: `path` is a valid one.
  package init(_ path: String) {
    precondition(NodePath.isValid(path), "not a path: \(path)")
    self.path = path
  }

  /// The nodes that must be there so that the client's `/` is, the uppermost first.
  package var ancestry: [String] {
    var paths: [String] = []
    var path = path
    while path != "/" {
      paths.append(path)
      path = NodePath.parent(of: path)
    }
    return paths.reversed()
  }

  /// The tree's path of the client's.
  package func absolute(_ inner: String) -> String {
    if path == "/" { return inner }
    return inner == "/" ? path : path + inner
  }

  /// The client's path of the tree's.
  ///
  /// - Precondition: the path is in the client's part.
  package func relative(_ outer: String) -> String {
    if path == "/" { return outer }
    precondition(outer.hasPrefix(path), "\(outer) is not below \(path)")
    return outer == path ? "/" : String(outer.dropFirst(path.count))
  }

  package func absolute(_ request: CoordinationRequest) -> CoordinationRequest {
    if path == "/" { return request }
    return switch request {
    case .data(let path, let watches): .data(path: absolute(path), watches: watches)
    case .exists(let path, let watches): .exists(path: absolute(path), watches: watches)
    case .children(let path, let watches): .children(path: absolute(path), watches: watches)
    case .sync(let path): .sync(path: absolute(path))
    case .write(let operations): .write(operations.map(absolute))
    }
  }

  private func absolute(_ operation: CoordinationOperation) -> CoordinationOperation {
    switch operation {
    case .create(let path, let data, let kind):
      .create(path: absolute(path), data: data, kind: kind)
    case .set(let path, let data, let version):
      .set(path: absolute(path), data: data, version: version)
    case .delete(let path, let version): .delete(path: absolute(path), version: version)
    case .check(let path, let version): .check(path: absolute(path), version: version)
    }
  }

  package func relative(_ answer: CoordinationAnswer) -> CoordinationAnswer {
    guard path != "/", case .written(let results) = answer else { return answer }
    return .written(
      results.map { result in
        guard case .created(let path) = result else { return result }
        return .created(path: relative(path))
      })
  }

  package func relative(_ event: SessionEvent) -> SessionEvent {
    guard case .changed(let path, let change) = event else { return event }
    return .changed(path: relative(path), change)
  }
}
