import MoldauCluster
import MoldauCoordination
import MoldauFormat
import MoldauLog

/// The session with the coordination service, and the registration in it. All on the queue.
extension ClusterMember {
  func openSession() {
    let number = state.withLock { state in
      state.sessionNumber += 1
      return state.sessionNumber
    }
    let session = environment.coordination.connect(
      timeoutMilliseconds: settings.sessionTimeoutMilliseconds
    ) { [weak self, queue] event in
      queue.add { [weak self] in self?.received(event, ofSession: number) }
    }
    state.withLock { $0.session = session }
  }

  private func received(_ event: SessionEvent, ofSession number: Int) {
    guard state.withLock({ $0.sessionNumber == number && $0.session != nil }) else { return }
    switch event {
    case .connected(let sessionID, _):
      state.withLock { $0.sessionID = sessionID }
      endDoubts()
      controller?.handle(event)
      register()
    case .disconnected:
      // The session may still be there, and what this broker leads it goes on to lead: it commits
      // nothing without the in-sync replicas, which follow another leader once there is one.
      logger.warning("the coordination service cannot be reached")
      controller?.handle(event)
      doubtLeaderships()
    case .expired:
      expire()
    case .changed:
      controller?.handle(event)
    }
  }

  /// A session was ended from elsewhere.
  func lost(session number: Int) {
    guard state.withLock({ $0.sessionNumber == number && $0.session != nil }) else { return }
    expire()
  }

  /// The session is over: others may lead what this broker has led.
  private func expire() {
    logger.warning("the session with the coordination service has expired")
    giveUpRoles()
    state.withLock { $0.sessionNumber += 1 }
    endSession()
    guard state.withLock({ $0.phase }) != .leaving else { return end() }
    state.withLock { $0.phase = .joining }
    later { [weak self] in self?.openSession() }
  }

  /// Lets go of what belongs to a session.
  func endSession() {
    stopPulling()
    dropDoubts()
    dropContact()
    let (controller, links, pending) = state.withLock { state in
      defer {
        state.controller = nil
        state.session = nil
        state.registration = nil
        state.elected = nil
        state.isRegistering = false
        state.requests = nil
        state.forwards = nil
      }
      return (
        state.controller, [state.requests, state.forwards].compactMap { $0 },
        state.isrChanges.takeAll()
      )
    }
    controller?.end()
    for link in links { link.close() }
    for change in pending { change.completion(.failure(.unknownOutcome)) }
  }

  // MARK: Registering

  private func register() {
    let (isDue, number, session, sessionID) = state.withLock { state in
      let isDue =
        state.phase == .joining && state.registration == nil && !state.isRegistering
      if isDue { state.isRegistering = true }
      return (isDue, state.sessionNumber, state.session, state.sessionID)
    }
    guard isDue, let session else { return }
    var random = execution.random
    let incarnation = TopicID.random(using: &random).base64
    let (endpoints, replication, history) = state.withLock { state in
      // From here on it may be the last registration, whatever is heard of it.
      defer { state.history.triedIncarnations.insert(incarnation) }
      return (state.endpoints, state.replication, state.history)
    }
    let broker = Registrar.Broker(
      nodeID: nodeID, endpoints: endpoints, replication: replication, history: history,
      newClusterID: TopicID.random(using: &random).base64)
    let registrar = Registrar(
      session: session, sessionID: sessionID, broker, replicas: hosting,
      incarnation: incarnation, queue: queue, clock: execution.clock, logger: logger
    ) { [weak self] result in
      self?.registered(result, inSession: number)
    }
    registrar.start()
  }

  private func registered(
    _ result: Result<Registrar.Outcome, RegistrationFailure>, inSession number: Int
  ) {
    let isCurrent = state.withLock { state in
      guard state.sessionNumber == number, state.phase == .joining else { return false }
      state.isRegistering = false
      return true
    }
    guard isCurrent else { return }
    switch result {
    case .success(let outcome): join(outcome)
    case .failure(let failure): refused(failure)
    }
  }

  func startTakesTooLong() {
    let waiting = state.withLock { state in
      defer { state.onStart = nil }
      return state.onStart
    }
    waiting?(
      .notRegistered(
        reason: "broker \(nodeID) could not register within \(settings.startMilliseconds) ms: check"
          + " the coordination service"))
  }

  private func refused(_ failure: RegistrationFailure) {
    logger.error("broker \(nodeID) cannot register: \(failure)")
    guard failure.isFinal else { return later { [weak self] in self?.register() } }
    let waiting = state.withLock { state in
      defer { state.onStart = nil }
      return state.onStart
    }
    waiting?(.notRegistered(reason: "\(failure)"))
  }

  private func join(_ outcome: Registrar.Outcome) {
    let epoch = outcome.registration.brokerEpoch
    let (session, waiting) = state.withLock { state in
      state.phase = .joined
      state.registration = outcome.registration
      state.lostCount += outcome.lostCount ?? 0
      state.failureCount = 0
      state.history.clusterID = outcome.clusterID
      // From here on the process goes on, whatever the marker has said.
      state.history.cleanStopEpoch = nil
      if let file = outcome.file {
        state.history.incarnations = file.incarnations
        state.history.triedIncarnations = [file.incarnation]
        state.history.lost = []
        state.history.isDamaged = false
      }
      defer { state.onStart = nil }
      return (state.session, state.onStart)
    }
    guard let session else { return }
    if let file = outcome.file, file.lost != nil || file.isDamaged {
      forgetLosses(file, outcome.clusterID)
    }
    store.noteRegistration(brokerEpoch: epoch)
    fetchers.registered(brokerEpoch: epoch)
    let controller = ClusterController(
      nodeID: nodeID, session: session, queue: queue, scheduler: scheduler,
      wallClock: execution.clock, settings: settings.controller, rules: settings.replicas.rules,
      generator: execution.random, logger: logger
    ) { [weak self, queue] elected in
      queue.add { [weak self] in self?.found(elected, ofRegistration: epoch) }
    }
    state.withLock { $0.controller = controller }
    watchContact()
    controller.start()
    waiting?(nil)
  }

  /// The registration has said what the opening had found missing.
  private func forgetLosses(_ file: MemberFile, _ clusterID: String) {
    let rest = MemberFile(incarnation: file.incarnation, previous: nil)
    hosting.note(rest, clusterID: clusterID) { [logger] failure in
      // It is said once more by the next registration then.
      if let failure { logger.warning("\(MemberFile.name): \(failure)") }
    }
  }
}
