import MoldauFormat

/// What the log of a tree says, record by record: the newest of each key.
struct TreeContents: Sendable {
  var nodes: [String: CoordinationRecord.Node] = [:]
  var createdCounts: [String: Int32] = [:]
  var lastChangeID: Int64 = 0

  mutating func take(_ record: CoordinationRecord) {
    switch record {
    case .node(let path, let node): nodes[path] = node
    case .createdChildren(let path, let count): createdCounts[path] = count
    case .lastChange(let number): lastChangeID = max(lastChangeID, number)
    }
  }
}

extension NodeTree {
  /// The tree that the contents describe.
  ///
  /// - Throws: when a node's parent is missing.
  init(_ contents: TreeContents) throws(FormatError) {
    self.init()
    // A parent comes before its children.
    for (path, record) in contents.nodes.sorted(by: { $0.key < $1.key }) {
      guard NodePath.isValid(path) else {
        throw .invalid(field: "path", reason: "\(path) is none")
      }
      guard path == "/" || nodes[NodePath.parent(of: path)] != nil else {
        throw .invalid(field: "path", reason: "the parent of \(path) is missing")
      }
      restore(path, record, createdCount: contents.createdCounts[path] ?? 0)
    }
    restore(rootCount: contents.createdCounts["/"] ?? 0, lastChangeID: contents.lastChangeID)
  }
}
