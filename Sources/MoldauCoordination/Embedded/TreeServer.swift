/// The state machine of an embedded tree: requests, connections and time in, messages out. No lock,
/// clock or thread inside; changes go to the log, if there is one, before anybody hears of them.
struct TreeServer: Sendable {
  var tree: NodeTree
  /// By number; those of old sessions go when nothing is left to be told.
  var sessions: [Int64: TreeSession] = [:]
  /// The numbers of `sessions`, ascending.
  var sessionIDs: [Int64] = []
  private var lastSessionID: Int64 = 0
  /// Whether the service works at all.
  var isAvailable = true
  /// Whether its log has failed.
  var hasFailed = false
  /// Clients that cannot reach it.
  var cutClients: Set<Int> = []
  /// Whether sessions expire by themselves.
  let expires: Bool
  var effects = TreeEffects()

  /// Where the tree is kept; nil when it is in memory only.
  let storage: TreeStorage?

  init(tree: NodeTree = NodeTree(), storage: TreeStorage? = nil, expires: Bool) {
    self.tree = tree
    self.storage = storage
    self.expires = expires
  }

  /// What has gathered since the last time.
  mutating func takeEffects() -> TreeEffects {
    defer { effects = TreeEffects() }
    return effects
  }

  // MARK: - What clients do

  mutating func open(
    client: Int, timeoutMilliseconds: Int32, carrier: any TreeCarrier,
    onEvent: @escaping @Sendable (SessionEvent) -> Void
  ) -> Int64 {
    lastSessionID += 1
    sessions[lastSessionID] = TreeSession(
      id: lastSessionID, client: client, timeoutMilliseconds: timeoutMilliseconds,
      carrier: carrier, onEvent: onEvent)
    sessionIDs.append(lastSessionID)
    settle(lastSessionID, now: 0)
    return lastSessionID
  }

  /// Takes a request in; returns false when the session is over and all was told.
  mutating func submit(_ entry: TreeSession.Request, of id: Int64) -> Bool {
    guard let session = sessions[id] else { return false }
    switch session.phase {
    case .closed: answer(entry, .failure(.closed), to: id)
    case .expired: answer(entry, .failure(.sessionExpired), to: id)
    case .abandoned: effects.dropped.append(.answer(entry, .failure(.closed), changeID: 0))
    case .open:
      if session.isConnected {
        sessions[id]?.requests.append(entry)
        effects.requests.append((id, session.carrier))
      } else {
        answer(entry, .failure(.connectionLost), to: id)
      }
    }
    return true
  }

  /// A request of the session has arrived: the earliest.
  mutating func takeRequest(of id: Int64, now: Int64) {
    guard let session = sessions[id], let entry = sessions[id]?.requests.popFirst() else { return }
    if case .write = entry.request, let loss = session.nextWrite {
      sessions[id]?.nextWrite = nil
      sessions[id]?.isCut = true
      switch loss {
      case .dropped: answer(entry, .failure(.connectionLost), to: id)
      case .carriedOut: carryOut(entry, of: id)
      }
      settle(id, now: now)
    } else {
      carryOut(entry, of: id)
    }
  }

  /// The session's next message arrives; returns what to tell, without the lock.
  mutating func takeMessage(to id: Int64) -> (@Sendable () -> Void)? {
    guard let session = sessions[id], let message = sessions[id]?.messages.popFirst() else {
      return nil
    }
    defer { forgetIfOver(id) }
    switch message {
    case .event(let event):
      if case .changed(let path, let change) = event {
        guard sessions[id]?.watches.end(path, change) == true else { return nil }
      }
      return { session.onEvent(event) }
    case .answer(let entry, let result, let changeID):
      if case .success(let answer) = result {
        sessions[id]?.watches.note(entry.request, answer)
        sessions[id]?.lastSeenID = max(session.lastSeenID, changeID)
      }
      return { entry.completion(result) }
    }
  }

  /// The client ends the session. What it has asked for before is still carried out.
  mutating func close(_ id: Int64) {
    guard let session = sessions[id], session.phase == .open else { return }
    while let entry = sessions[id]?.requests.popFirst() { carryOut(entry, of: id) }
    sessions[id]?.phase = .closed
    replaceMessages(of: id, answersBecome: .closed, keepsEvents: false)
    // Whoever cannot reach the service cannot tell it either: the session expires there.
    if session.isConnected { end(id) }
    forgetIfOver(id)
  }

  // MARK: - Messages

  mutating func tell(_ event: SessionEvent, to id: Int64) {
    add(.event(event), to: id)
  }

  mutating func answer(
    _ entry: TreeSession.Request, _ result: Result<CoordinationAnswer, CoordinationError>,
    to id: Int64
  ) {
    add(.answer(entry, result, changeID: tree.lastChangeID), to: id)
  }

  private mutating func add(_ message: TreeSession.Message, to id: Int64) {
    guard let session = sessions[id] else { return }
    if session.phase == .abandoned {
      effects.dropped.append(message)
    } else {
      sessions[id]?.messages.append(message)
      effects.messages.append((id, session.carrier))
    }
  }

  /// Makes answers that are on their way failures, and puts `event` in front of them. Watches' events
  /// are dropped: the client has the watch still, and hears of it when it is back.
  mutating func replaceMessages(
    of id: Int64, answersBecome error: CoordinationError, keepsEvents: Bool = true,
    event: SessionEvent? = nil
  ) {
    guard let messages = sessions[id]?.messages.removeAll() else { return }
    var answers: [TreeSession.Message] = []
    for message in messages {
      switch message {
      case .event(.changed): effects.dropped.append(message)
      case .event:
        if keepsEvents { add(message, to: id) } else { effects.dropped.append(message) }
      case .answer(let entry, let result, let changeID):
        let isKnown = if case .failure(.refused) = result { false } else { result.isFailure }
        answers.append(.answer(entry, isKnown ? result : .failure(error), changeID: changeID))
      }
    }
    if let event { tell(event, to: id) }
    for answer in answers { add(answer, to: id) }
  }

  mutating func forgetIfOver(_ id: Int64) {
    guard sessions[id]?.isOver == true else { return }
    if let session = sessions.removeValue(forKey: id) { effects.forgotten.append(session) }
    sessionIDs.removeAll { $0 == id }
  }
}

extension Result {
  fileprivate var isFailure: Bool {
    if case .failure = self { true } else { false }
  }
}
