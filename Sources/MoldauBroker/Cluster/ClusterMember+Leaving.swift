import MoldauCluster
import MoldauLog
import MoldauProtocol

/// A stop in order: others lead what this broker has led before it goes. All on the queue.
extension ClusterMember {
  func leave(_ completion: @escaping @Sendable () -> Void) {
    let phase = state.withLock { state in
      let phase = state.phase
      if phase != .left { state.onStop.append(completion) }
      if phase == .joined { state.phase = .leaving }
      return phase
    }
    switch phase {
    case .left: completion()
    case .leaving: break
    case .idle, .joining: end()
    case .joined:
      let patience = scheduler.timer { [weak self, queue] in
        queue.add { [weak self] in self?.end() }
      }
      scheduler.set(
        patience, at: scheduler.clock.nowMilliseconds() + settings.shutdownMilliseconds)
      askToLeave()
    }
  }

  /// The store takes nothing more: others are to lead what this broker leads. As long as it takes,
  /// within the settings' time, it goes on to serve those who have not copied everything.
  func leavePoisoned(_ error: LogError) {
    guard state.withLock({ $0.phase }) != .left else { return }
    logger.critical(
      "broker \(nodeID) leaves the cluster, as its store takes nothing more (\(error)): restart it when the disk is mended"
    )
    leave {}
  }

  private func askToLeave() {
    guard state.withLock({ $0.phase }) == .leaving,
      let epoch = state.withLock({ $0.registration?.brokerEpoch })
    else { return }
    let answered = { @Sendable [weak self, queue] (remaining: Int?) in
      queue.add { [weak self] in self?.mayLeave(remaining) }
    }
    askController(
      local: { [nodeID] controller in
        controller.shutDown(nodeID: nodeID, brokerEpoch: epoch) { result in
          switch result {
          case .success(let remaining): answered(remaining.count)
          case .failure: answered(nil)
          }
        }
      },
      remote: { [nodeID, settings] link in
        var request = ControlledShutdownRequest()
        request.brokerID = nodeID
        request.brokerEpoch = epoch
        link.ask(request, within: settings.answerMilliseconds) { response in
          answered(response?.errorCode == ErrorCode.none ? response?.remaining.count : nil)
        }
      },
      nobody: { answered(nil) })
  }

  /// - Parameter remaining: how many partitions it is still to lead; nil when that is not known.
  private func mayLeave(_ remaining: Int?) {
    guard state.withLock({ $0.phase }) == .leaving else { return }
    if remaining == 0, !isNeeded() { return end() }
    let again = scheduler.timer { [weak self, queue] in
      queue.add { [weak self] in self?.askToLeave() }
    }
    scheduler.set(
      again, at: scheduler.clock.nowMilliseconds() + Limits.shutdownPollMilliseconds)
  }

  /// Whether others that stop as well still need this controller: without it they would have to wait
  /// for the next, which may be one of them. They may be about to ask when it could go first.
  private func isNeeded() -> Bool {
    guard state.withLock({ $0.controller?.isActive == true }) else { return false }
    let others = replicas.image.brokers.values.filter { $0.nodeID != nodeID }
    let looks = state.withLock { state in
      state.farewellLooks += 1
      return state.farewellLooks
    }
    return others.contains(where: \.isShuttingDown)
      || !others.isEmpty && looks <= Limits.farewellLooks
  }

  /// Leaves, whoever leads what; nothing changes after the first time.
  func end() {
    let (session, waiting, onStart) = state.withLock { state in
      guard state.phase != .left else {
        return (state.session, [@Sendable () -> Void](), state.onStart)
      }
      state.phase = .left
      state.sessionNumber += 1
      defer {
        state.onStop = []
        state.onStart = nil
      }
      return (state.session, state.onStop, state.onStart)
    }
    giveUpRoles()
    replicas.stop()
    endSession()
    session?.close()
    onStart?(.notRegistered(reason: "the broker was stopped before it was registered"))
    for body in waiting { body() }
  }
}
