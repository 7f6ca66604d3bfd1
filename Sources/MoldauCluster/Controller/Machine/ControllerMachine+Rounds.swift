internal import MoldauCoordination
internal import MoldauFormat

/// Changes are made in rounds: all that is to be done is planned against what has been written, and
/// written together; what comes meanwhile waits for the next round. So the image is always what the
/// tree says, and a thousand requests cost as few writes as one.
extension ControllerMachine {
  /// Takes a request, also while the office is being taken up.
  mutating func command(_ command: ControllerCommand) {
    guard office != nil else { return act(.call { command.refuse(.notController) }) }
    office?.commands.append(command)
    if isConnected { advance() }
  }

  mutating func rebalanceIsDue() {
    guard office != nil else { return }
    office?.mustRebalance = true
    act(.wake(.rebalance, afterMilliseconds: settings.rebalanceIntervalMilliseconds))
    advance()
  }

  /// Begins the next round, when there is something to do and none is under way.
  mutating func advance() {
    while let office, office.isActive, office.loading == nil, office.round == nil {
      guard !office.mustReload else { return load() }
      guard begin() else { return }
    }
  }

  /// Plans a round and begins it; false when there was nothing to do.
  private mutating func begin() -> Bool {
    guard var office else { return false }
    let settles = office.mustSettle || office.live != office.tree.image.brokers
    let hasWork =
      settles || office.mustRebalance || !office.commands.isEmpty || !office.tree.moving.isEmpty
      || !office.tree.deletions.isEmpty
    guard hasWork else { return false }
    let roundSettings = RoundSettings(
      live: office.live, settings: settings, rules: rules, controllerEpoch: office.epoch)
    var plan = RoundPlan(tree: office.tree, settings: roundSettings, generator: generator)
    if settles { plan.settleAll() }
    plan.carryOn()
    let commands = office.commands
    office.commands = commands.filter { !$0.plan(&plan) }
    if office.mustRebalance { plan.rebalance() }
    generator = plan.generator
    office.mustSettle = false
    office.mustRebalance = false
    office.live = plan.settings.live
    let isIdle = plan.writes.isEmpty && plan.replies.isEmpty && !settles
    guard !isIdle else {
      self.office = office
      return false
    }
    office.round = Round(
      writes: plan.writes, outcomes: plan.writes.map { _ in nil }, replies: plan.replies,
      live: plan.settings.live, settles: settles)
    self.office = office
    sendStage()
    return true
  }

  /// The round is over: its changes are applied, and whoever waits is told.
  mutating func finishRound() {
    guard var office, let round = office.round else { return }
    office.round = nil
    var delta = ClusterDelta()
    delta.clusterID = clusterID
    delta.controllerID = nodeID
    delta.controllerEpoch = office.epoch
    delta.fromVersion = office.tree.image.version
    delta.version = delta.fromVersion + 1
    if round.showsAnotherHand {
      // What is read shows what was made: of what belongs together a part may be missing.
      office.mustReload = true
    } else {
      for (write, outcome) in zip(round.writes, round.outcomes) where outcome == .made {
        for change in write.changes {
          office.tree.note(change, in: &delta)
          if change.concernsSettings { office.mustSettle = true }
        }
      }
      office.reloadCount = 0
      delta.noteBrokers(round.live, replacing: office.tree.image.brokers)
    }
    if !delta.isEmpty || office.tree.image.version == 0 {
      office.tree.image.apply(delta)
      office.history.append(delta)
    }
    self.office = office
    if !office.mustReload, !office.mustSettle { publish() }
    for reply in round.replies {
      let outcomes = reply.writes.map { round.outcomes[$0] ?? .abandoned }
      let image = office.tree.image
      act(.call { reply.finish(outcomes, image) })
    }
  }

  /// The service could not be reached for long: whoever waits gets an answer, though what was sent
  /// may still be carried out.
  mutating func losePatience() {
    guard var office else { return }
    let refusal = ClusterRefusal(
      .requestTimedOut, "the coordination service cannot be reached; nothing was changed")
    refuseCommands(refusal)
    office.commands = []
    for reply in office.round?.replies ?? [] {
      let outcomes = reply.writes.map { office.round?.outcomes[$0] ?? .unknown }
      let image = office.tree.image
      act(.call { reply.finish(outcomes, image) })
    }
    office.round?.replies = []
    self.office = office
    act(.wake(.patience, afterMilliseconds: settings.patienceMilliseconds))
  }

  /// Refuses what has not been planned yet.
  mutating func refuseCommands(_ refusal: ClusterRefusal) {
    for command in office?.commands ?? [] { act(.call { command.refuse(refusal) }) }
    office?.commands = []
  }
}

extension TreeChange {
  /// Whether partitions may have to be in another state by it.
  var concernsSettings: Bool {
    switch self {
    case .topicConfiguration, .brokerConfiguration: true
    default: false
    }
  }
}

extension Round {
  /// What is known of the writes that a reply depends on when the round does not go on.
  func outcomesSoFar(of reply: RoundPlan.Reply) -> [WriteOutcome] {
    let underWay = Set(chunks.values.flatMap(\.writes))
    let isBegun = reply.writes.contains { outcomes[$0] == .made || underWay.contains($0) }
    return reply.writes.map { outcomes[$0] ?? (isBegun ? .unknown : .abandoned) }
  }

  /// Whether what came of it means that the tree is not as this controller has left it. That a
  /// broker has registered anew is no such thing.
  var showsAnotherHand: Bool {
    zip(writes, outcomes).contains { write, outcome in
      switch outcome {
      case .made, .unknown, .abandoned, nil: false
      case .omitted, .failed: true
      case .refused(_, let operation):
        if case .check = write.operations[operation] { false } else { true }
      }
    }
  }
}

extension ClusterDelta {
  mutating func noteBrokers(
    _ live: [Int32: BrokerRegistration], replacing known: [Int32: BrokerRegistration]
  ) {
    for (id, broker) in live where known[id] != broker { brokers[id] = broker }
    goneBrokers = Set(known.keys).subtracting(live.keys)
  }
}
