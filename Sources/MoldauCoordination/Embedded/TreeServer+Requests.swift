import MoldauLog

extension TreeServer {
  /// Carries a request out and answers it, after the events of what it changes.
  mutating func carryOut(_ entry: TreeSession.Request, of id: Int64) {
    let result =
      if let refusal = entry.refusal {
        Result<CoordinationAnswer, CoordinationError>.failure(refusal)
      } else {
        result(of: entry.request, of: id)
      }
    answer(entry, result, to: id)
  }

  private mutating func result(
    of request: CoordinationRequest, of id: Int64
  ) -> Result<CoordinationAnswer, CoordinationError> {
    switch request {
    case .data(let path, let watches):
      guard let node = tree.nodes[path] else { return .failure(.refused(.noNode, operation: 0)) }
      if watches { sessions[id]?.watchedData.insert(path) }
      return .success(.data(node.data, node.stat))
    case .exists(let path, let watches):
      if watches { sessions[id]?.watchedData.insert(path) }
      return .success(.exists(tree.nodes[path]?.stat))
    case .children(let path, let watches):
      guard let node = tree.nodes[path] else { return .failure(.refused(.noNode, operation: 0)) }
      if watches { sessions[id]?.watchedChildren.insert(path) }
      return .success(.children(node.children, node.stat))
    case .write(let operations):
      return tree.write(operations, by: id).flatMap { written in
        if let error = keep(written) { return .failure(error) }
        announce(written)
        return .success(.written(written.results))
      }
    case .sync: return .success(.synced)
    }
  }

  /// Makes the nodes of a chroot that are not there.
  mutating func make(_ chroot: Chroot) {
    for path in chroot.ancestry where tree.nodes[path] == nil {
      guard
        case .success(let written) = tree.write(
          [.create(path: path, data: [], kind: .persistent)], by: 0)
      else { preconditionFailure("an ephemeral node is above the chroot \(path)") }
      guard keep(written) == nil else { return }
      announce(written)
    }
  }

  /// Writes a change to the log, if there is one. A change that cannot be written is taken back.
  private mutating func keep(_ written: TreeWrite) -> CoordinationError? {
    guard let storage, !written.changes.isEmpty else { return nil }
    do throws(LogError) { try storage.append(written, tree) } catch {
      tree.takeBack(written)
      return .service(code: 0, reason: "the tree's log takes no change: \(error)")
    }
    return nil
  }

  /// Removes a session's ephemeral nodes and all that the service knows of it.
  mutating func end(_ id: Int64) {
    sessions[id]?.isAlive = false
    sessions[id]?.isConnected = false
    sessions[id]?.watchedData = []
    sessions[id]?.watchedChildren = []
    setDeadline(nil, of: id)
    announce(tree.endSession(id))
  }

  // MARK: - Watches

  private mutating func announce(_ written: TreeWrite) {
    for change in written.changes {
      switch change {
      case .created(let path, _, _):
        announce(path, .created)
        announce(NodePath.parent(of: path), .children)
      case .set(let path, _): announce(path, .data)
      case .deleted(let path):
        announce(path, .deleted)
        announce(NodePath.parent(of: path), .children)
      }
    }
  }

  /// Tells everyone who watches, and ends those watches.
  private mutating func announce(_ path: String, _ change: NodeChange) {
    for id in sessionIDs {
      var isWatched = false
      if change != .children { isWatched = sessions[id]?.watchedData.remove(path) != nil }
      if change == .children || change == .deleted {
        isWatched = sessions[id]?.watchedChildren.remove(path) != nil || isWatched
      }
      if isWatched { tell(.changed(path: path, change), to: id) }
    }
  }

  /// Sets the client's watches again, and tells of what has happened in the meantime.
  mutating func restoreWatches(of id: Int64) {
    guard let session = sessions[id] else { return }
    var missed: [(String, NodeChange)] = []
    for path in session.watches.data.sorted() {
      if let node = tree.nodes[path] {
        if node.modificationID > session.lastSeenID { missed.append((path, .data)) }
      } else {
        missed.append((path, .deleted))
      }
    }
    for path in session.watches.absent.sorted() where tree.nodes[path] != nil {
      missed.append((path, .created))
    }
    for path in session.watches.children.sorted() {
      if let node = tree.nodes[path] {
        if node.childrenID > session.lastSeenID { missed.append((path, .children)) }
      } else if !session.watches.data.contains(path) {
        missed.append((path, .deleted))
      }
    }
    sessions[id]?.watchedData = session.watches.data.union(session.watches.absent)
    sessions[id]?.watchedChildren = session.watches.children
    for (path, change) in missed {
      if change != .children { sessions[id]?.watchedData.remove(path) }
      if change == .children || change == .deleted {
        sessions[id]?.watchedChildren.remove(path)
      }
      tell(.changed(path: path, change), to: id)
    }
  }
}
