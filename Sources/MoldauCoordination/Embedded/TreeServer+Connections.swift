/// Who can reach the service, and which sessions outlive that they cannot.
extension TreeServer {
  /// Whether a session's client can reach the service.
  private func isReachable(_ session: TreeSession) -> Bool {
    isAvailable && !hasFailed && !session.isCut && !cutClients.contains(session.client)
      && session.phase != .abandoned
  }

  /// Connects or disconnects a session, as things are now.
  mutating func settle(_ id: Int64, now: Int64) {
    guard let session = sessions[id] else { return }
    let isReachable = isReachable(session)
    if session.isConnected, !isReachable {
      disconnect(id)
    } else if !session.isConnected, isReachable {
      connect(id)
    }
    // A service that does not work lets nobody's time run out.
    guard let session = sessions[id], session.isAlive, expires else { return }
    if session.isConnected || !isAvailable || hasFailed {
      setDeadline(nil, of: id)
    } else if session.deadline == nil {
      setDeadline(now + Int64(session.timeoutMilliseconds), of: id)
    }
  }

  mutating func settleAll(now: Int64) {
    for id in sessionIDs { settle(id, now: now) }
  }

  private mutating func connect(_ id: Int64) {
    guard let session = sessions[id] else { return }
    switch session.phase {
    case .open: break
    case .closed:
      // What the client could not say before: that it has ended the session.
      if session.isAlive { end(id) }
      return forgetIfOver(id)
    case .expired, .abandoned: return
    }
    if !session.isAlive, session.wasAlive { return tellExpired(id) }
    sessions[id]?.isAlive = true
    sessions[id]?.wasAlive = true
    sessions[id]?.isConnected = true
    tell(
      .connected(sessionID: id, timeoutMilliseconds: session.timeoutMilliseconds), to: id)
    restoreWatches(of: id)
  }

  private mutating func disconnect(_ id: Int64) {
    guard let session = sessions[id] else { return }
    while let entry = sessions[id]?.requests.popFirst() {
      switch session.requestsOnTheWay {
      case .dropped: answer(entry, .failure(.connectionLost), to: id)
      case .carriedOut: carryOut(entry, of: id)
      }
    }
    sessions[id]?.isConnected = false
    sessions[id]?.watchedData = []
    sessions[id]?.watchedChildren = []
    if session.phase == .open {
      replaceMessages(of: id, answersBecome: .connectionLost, event: .disconnected)
    }
  }

  /// Ends a session: at once where its client hears of it, else when it is connected again.
  mutating func expire(_ id: Int64) {
    guard let session = sessions[id], session.isAlive else { return }
    let isConnected = session.isConnected
    while isConnected, let entry = sessions[id]?.requests.popFirst() {
      answer(entry, .failure(.sessionExpired), to: id)
    }
    end(id)
    if isConnected { tellExpired(id) }
    forgetIfOver(id)
  }

  private mutating func tellExpired(_ id: Int64) {
    sessions[id]?.phase = .expired
    replaceMessages(of: id, answersBecome: .sessionExpired, event: .expired)
  }

  /// Looks whether a session's time has run out.
  mutating func expireIfDue(_ id: Int64, now: Int64) {
    guard let deadline = sessions[id]?.deadline else { return }
    if deadline <= now { expire(id) } else { effects.timers.append((id, deadline)) }
  }

  /// The client's process is gone: it hears nothing more, and its sessions expire.
  mutating func abandon(client: Int, now: Int64) {
    for id in sessionIDs where sessions[id]?.client == client {
      sessions[id]?.requestsOnTheWay = .dropped
      guard let requests = sessions[id]?.requests.removeAll() else { continue }
      effects.dropped += requests.map { .answer($0, .failure(.closed), changeID: 0) }
      effects.dropped += sessions[id]?.messages.removeAll() ?? []
      sessions[id]?.phase = .abandoned
      settle(id, now: now)
      forgetIfOver(id)
    }
  }

  mutating func setDeadline(_ deadline: Int64?, of id: Int64) {
    guard sessions[id]?.deadline != deadline else { return }
    sessions[id]?.deadline = deadline
    effects.timers.append((id, deadline))
  }
}
