import MoldauFormat

/// The nodes and their numbering: a value, without sessions' lives, watches, clocks or locks.
struct NodeTree: Sendable {
  private(set) var nodes: [String: TreeNode]
  /// The number of the last change.
  private(set) var lastChangeID: Int64 = 0
  /// The ephemeral nodes of each session.
  private(set) var ephemerals: [Int64: Set<String>] = [:]

  init() {
    nodes = ["/": TreeNode(data: [], owner: 0, changeID: 0)]
  }

  /// Carries out a write's operations as one change, or none of them.
  mutating func write(
    _ operations: [CoordinationOperation], by session: Int64
  ) -> Result<TreeWrite, CoordinationError> {
    var written = TreeWrite(changeID: lastChangeID + 1)
    for (index, operation) in operations.enumerated() {
      if let refusal = apply(operation, by: session, to: &written) {
        takeBack(written)
        return .failure(.refused(refusal, operation: index))
      }
    }
    if !written.changes.isEmpty { lastChangeID = written.changeID }
    return .success(written)
  }

  /// Makes the tree what it was before the last write, but for the number of its changes.
  mutating func takeBack(_ written: TreeWrite) {
    for step in written.undo.reversed() { take(back: step) }
  }

  /// Removes the ephemeral nodes of a session that is over, as one change.
  mutating func endSession(_ session: Int64) -> TreeWrite {
    let paths = ephemerals[session, default: []].sorted()
    let operations = paths.map { CoordinationOperation.delete(path: $0, version: nil) }
    guard case .success(let written) = write(operations, by: session) else {
      preconditionFailure("ephemeral nodes have no children, so nothing keeps them")
    }
    return written
  }

  // MARK: - One operation

  /// Returns why the operation is refused; nil when it is done.
  private mutating func apply(
    _ operation: CoordinationOperation, by session: Int64, to written: inout TreeWrite
  ) -> CoordinationRefusal? {
    switch operation {
    case .create(let path, let data, let kind):
      return create(path, data, kind, by: session, to: &written)
    case .set(let path, let data, let version):
      guard let node = nodes[path] else { return .noNode }
      guard version == nil || version == node.version else { return .badVersion }
      written.undo.append(.set(path, was: node))
      nodes[path]?.data = data
      nodes[path]?.version = node.version &+ 1
      nodes[path]?.modificationID = written.changeID
      written.changes.append(.set(path: path, data: data))
      if let stat = nodes[path]?.stat { written.results.append(.set(stat)) }
    case .delete(let path, let version):
      guard let node = nodes[path] else { return .noNode }
      guard version == nil || version == node.version else { return .badVersion }
      guard node.children.isEmpty else { return .notEmpty }
      guard path != "/" else { return .invalid }
      let parent = NodePath.parent(of: path)
      written.undo.append(.deleted(path, node, childrenID: nodes[parent]?.childrenID ?? 0))
      remove(path, node, childrenID: written.changeID)
      written.changes.append(.deleted(path: path))
      written.results.append(.deleted)
    case .check(let path, let version):
      guard let node = nodes[path] else { return .noNode }
      guard version == node.version else { return .badVersion }
      written.results.append(.checked)
    }
    return nil
  }

  private mutating func create(
    _ wish: String, _ data: [UInt8], _ kind: NodeKind, by session: Int64,
    to written: inout TreeWrite
  ) -> CoordinationRefusal? {
    let parentPath = NodePath.parent(of: wish)
    guard let parent = nodes[parentPath] else { return .noNode }
    let path =
      kind.isSequential ? NodePath.sequential(wish, after: parent.createdCount) : wish
    guard nodes[path] == nil else { return .nodeExists }
    guard parent.owner == 0 else { return .ephemeralParent }
    let owner = kind.isEphemeral ? session : 0
    written.undo.append(.created(path, childrenID: parent.childrenID))
    insert(
      path, TreeNode(data: data, owner: owner, changeID: written.changeID),
      childrenID: written.changeID)
    nodes[parentPath]?.createdCount &+= 1
    written.changes.append(.created(path: path, data: data, owner: owner))
    written.results.append(.created(path: path))
    return nil
  }

  private mutating func take(back step: TreeUndo) {
    switch step {
    case .created(let path, let childrenID):
      guard let node = nodes[path] else { preconditionFailure("\(path) was just made") }
      remove(path, node, childrenID: childrenID)
      nodes[NodePath.parent(of: path)]?.createdCount &-= 1
    case .deleted(let path, let node, let childrenID): insert(path, node, childrenID: childrenID)
    case .set(let path, let node): nodes[path] = node
    }
  }

  private mutating func insert(_ path: String, _ node: TreeNode, childrenID: Int64) {
    nodes[path] = node
    let parent = NodePath.parent(of: path)
    nodes[parent]?.insertChild(NodePath.name(of: path))
    nodes[parent]?.childrenID = childrenID
    if node.owner != 0 { ephemerals[node.owner, default: []].insert(path) }
  }

  private mutating func remove(_ path: String, _ node: TreeNode, childrenID: Int64) {
    nodes[path] = nil
    let parent = NodePath.parent(of: path)
    nodes[parent]?.removeChild(NodePath.name(of: path))
    nodes[parent]?.childrenID = childrenID
    guard node.owner != 0 else { return }
    ephemerals[node.owner]?.remove(path)
    if ephemerals[node.owner]?.isEmpty == true { ephemerals[node.owner] = nil }
  }
}

// MARK: - From a log

extension NodeTree {
  /// Puts a node of a log in its place; its parent is there.
  mutating func restore(_ path: String, _ record: CoordinationRecord.Node, createdCount: Int32) {
    var node = TreeNode(data: record.data, owner: 0, changeID: record.creationID)
    node.modificationID = record.modificationID
    node.version = record.version
    node.createdCount = createdCount
    if path == "/" {
      nodes[path] = node
    } else {
      insert(path, node, childrenID: record.creationID)
    }
  }

  mutating func restore(rootCount: Int32, lastChangeID: Int64) {
    nodes["/"]?.createdCount = rootCount
    self.lastChangeID = lastChangeID
  }
}
