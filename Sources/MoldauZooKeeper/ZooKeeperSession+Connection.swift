import MoldauCoordination

/// What the client reports of its connection.
extension ZooKeeperSession {
  /// The session is established, or taken up again with another server.
  func connected(by handle: Handle) {
    state.withLock { state in
      guard state.phase == .open else { return }
      state.handle = handle
      if state.isReady || chroot.path == "/" {
        becomeReady(&state)
      } else {
        makeChroot(by: handle, &state)
      }
    }
  }

  /// There is no connection now.
  func disconnected() {
    state.withLock { state in
      guard state.phase == .open, state.isConnected else { return }
      state.isConnected = false
      tell(.disconnected)
    }
  }

  /// A node that is watched has changed.
  func changed(_ path: String, _ change: NodeChange) {
    state.withLock { state in
      guard state.phase == .open else { return }
      tell(.changed(path: path, change))
    }
  }

  // MARK: - The chroot

  private func becomeReady(_ state: inout State) {
    guard let handle = state.handle else { return }
    state.isReady = true
    state.isConnected = true
    tell(
      .connected(
        sessionID: handle.sessionID, timeoutMilliseconds: handle.negotiatedTimeoutMilliseconds))
    sendWaiting(&state)
  }

  private func makeChroot(by handle: Handle, _ state: inout State) {
    let paths = chroot.ancestry
    for path in paths {
      let kind = Reply.Kind.chroot(path: path, isLast: path == paths.last)
      send(makeReply(&state, kind, nil), by: handle, &state)
    }
  }

  func chrootAnswered(
    _ result: Result<CoordinationAnswer, CoordinationError>, isLast: Bool, _ state: inout State
  ) {
    switch result {
    case .success, .failure(.refused(.nodeExists, _)):
      if isLast, !state.isReady { becomeReady(&state) }
    case .failure(.connectionLost), .failure(.sessionExpired), .failure(.closed):
      // Again when the connection is back.
      break
    case .failure(let error):
      logger.error(
        "the coordination service's nodes for this cluster cannot be made",
        metadata: ["path": "\(chroot.path)", "reason": "\(error)"])
    }
  }
}
