/// What goes wrong between a service and its clients, when a test or a simulation wants it to.
extension EmbeddedTree {
  /// The sessions that the tree keeps, ascending.
  package var sessionIDs: [Int64] {
    server.withLock { server in
      server.sessionIDs.filter { server.sessions[$0]?.isAlive == true }
    }
  }

  /// Ends a session: its ephemeral nodes go. The client hears of it now, or when it can reach the
  /// tree again.
  package func expire(_ sessionID: Int64) {
    step { $0.expire(sessionID) }
  }

  /// Breaks a session's connection until `reconnect`. What is on its way to the client gets lost:
  /// requests that the tree has carried out are answered with `connectionLost` all the same.
  ///
  /// - Parameter requests: what becomes of requests that have not arrived yet.
  package func disconnect(_ sessionID: Int64, _ requests: LostRequests = .dropped) {
    step { server in
      server.sessions[sessionID]?.requestsOnTheWay = requests
      server.sessions[sessionID]?.isCut = true
      server.settle(sessionID, now: now)
    }
  }

  /// Breaks a session's connection, as `disconnect` does, when its next write arrives, which is
  /// carried out before or not at all.
  package func disconnectAtNextWrite(_ sessionID: Int64, _ write: LostRequests) {
    step { $0.sessions[sessionID]?.nextWrite = write }
  }

  /// Lets a session reach the tree again: it hears `connected` and what its watches have missed, or
  /// `expired`.
  package func reconnect(_ sessionID: Int64) {
    step { server in
      server.sessions[sessionID]?.isCut = false
      server.settle(sessionID, now: now)
    }
  }

  /// Whether the service works: without it all sessions are disconnected, and none expires until it is
  /// back. An ensemble that has lost its majority is like that.
  package func setAvailable(_ isAvailable: Bool) {
    step { server in
      server.isAvailable = isAvailable
      server.settleAll(now: now)
    }
  }

  // MARK: - A look from outside

  /// A node's data as it is now, without a session.
  package func data(at path: String) -> [UInt8]? {
    server.withLock { $0.tree.nodes[path]?.data }
  }

  package func stat(of path: String) -> NodeStat? {
    server.withLock { $0.tree.nodes[path]?.stat }
  }

  /// The names of a node's children, sorted; nil when there is no such node.
  package func children(of path: String) -> [String]? {
    server.withLock { $0.tree.nodes[path]?.children }
  }

  /// Counts the changes of the tree.
  package var lastChangeID: Int64 { server.withLock { $0.tree.lastChangeID } }
}
