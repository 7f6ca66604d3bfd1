import MoldauDisk
import MoldauFormat

extension ClusterRun {
  /// Lets something go wrong in a while, again and again.
  func arrangeFault() {
    guard !scenario.faults.isEmpty else { return }
    world.after(world.number(scenario.faultPause)) { [weak self] in
      guard let self, !faultsAreOver else { return }
      fault(world.pick(scenario.faults))
      arrangeFault()
    }
  }

  private func fault(_ fault: Scenario.Fault) {
    if isOneLosing, fault.silencesNodes { return }
    let node = world.pick(nodes)
    let other = world.pick(nodes.filter { $0.id != node.id })
    switch fault {
    case .kill: die(node, .keepAll)
    case .powerCut: die(node, world.pick([.loseAllUnsynced, .random, .randomTorn]))
    case .stop:
      guard node.isUp else { return }
      node.stop()
      world.after(5_000_000) { [weak self] in self?.bringUp(node) }
      lookForStopped(node)
    case .pause: pause(node, world.number(20_000...2_500_000))
    case .blockOneWay:
      block(node, other)
    case .blockBothWays:
      block(node, other)
      block(other, node)
    case .cutFromEnsemble: cut(node, world.number(20_000...2_500_000))
    case .quorumLoss:
      world.note("the coordination service loses its majority")
      ensemble.tree.setAvailable(false)
      later(20_000...2_000_000) { [weak self] in self?.ensemble.tree.setAvailable(true) }
    case .lostWrite: loseWrite()
    case .slowNode:
      world.note("node \(node.id) is slow")
      network.slowness[node.host] = world.number(1_000...300_000)
      node.commitTime = 5_000...world.number(10_000...400_000)
      later(100_000...2_000_000) { [weak self] in
        self?.network.slowness[node.host] = nil
        node.commitTime = 100...1_500
      }
    case .skewedClock:
      node.wallClock.skewMilliseconds = world.number(-3_600_000...3_600_000)
    case .reassign: reassign()
    case .failedSync:
      guard node.isServing else { return }
      world.note("node \(node.id)'s disk is about to fail a sync")
      node.spoilDisk(
        DiskTrouble(.syncs, skipped: Int(world.number(0...20)), lasts: world.oneIn(2)))
    case .failedWrites:
      guard node.isServing else { return }
      world.note("node \(node.id)'s disk is about to fail writes")
      node.spoilDisk(DiskTrouble(.writes, skipped: Int(world.number(0...20)), lasts: true))
      later(20_000...1_500_000) { node.mendDisk() }
    case .fullDisk:
      guard node.isUp else { return }
      world.note("node \(node.id)'s disk is full")
      node.fillDisk(but: Int(world.number(0...40_000)))
      later(100_000...2_000_000) { [weak self] in
        self?.world.note("node \(node.id)'s disk has room again")
        node.mendDisk()
      }
    case .deleteTopic: renewTopic()
    case .deleteRecords: deleteRecords()
    case .electPreferred: administrator.electPreferred(world.pick(partitions))
    }
  }

  private func later(_ range: ClosedRange<Int64>, _ action: @escaping () -> Void) {
    world.after(world.number(range), action)
  }

  /// A broker whose disk has failed a sync counts as one that has lost everything. That is survived
  /// when the others have all that is committed.
  func armTroubles() {
    for node in nodes {
      guard let trouble = node.trouble else { continue }
      trouble.isArmed.set(to: node.life?.store.isPoisoned == true || canLoseOne)
    }
  }

  /// Whether the store of a node takes nothing more: what it has counts as lost.
  private var isOneLosing: Bool { nodes.contains { $0.life?.store.isPoisoned == true } }

  /// Whether one node may lose all that it has: all replicas are in sync, and no node is about to be
  /// one that has lost something.
  private var canLoseOne: Bool {
    isHealthy && !isOneLosing && network.isUntroubled
      && nodes.allSatisfy { $0.life?.isMember == true && !$0.isPaused && !$0.isStopping }
  }

  /// The store takes nothing more: somebody has to mend the disk, and to start the broker anew.
  func replaceDisk(of node: Node) {
    world.note("node \(node.id)'s store takes nothing more")
    let life = node.life
    later(50_000...1_500_000) { [weak self] in
      guard let self, node.life === life else { return }
      node.mendDisk()
      let style: CrashStyle = world.oneIn(2) ? .keepAll : .randomTorn
      node.crash(style != .keepAll && !canLose(node) ? .keepAll : style)
      restart(node, within: 10_000...500_000)
    }
  }

  private func deleteRecords() {
    guard scenario.hasDeletedTopic else { return }
    let partition = world.pick(deletedPartitions)
    guard let state = inspector.states.states[partition], state.leader >= 0,
      let known = inspector.tracked[partition]
    else { return }
    let end = Int64(known.committed.count)
    let offset = world.oneIn(4) ? -1 : world.number(min(known.deletedBelow, end)...end)
    administrator.deleteRecords(of: partition, before: offset, at: state.leader)
  }

  func die(_ node: Node, _ style: CrashStyle) {
    guard node.isUp else { return }
    if style != .keepAll, !canLose(node) { return }
    node.crash(style)
    restart(node, within: 10_000...1_500_000)
  }

  /// Where acknowledged means written and not synced, a power cut is survived only when another
  /// replica has everything: one node at a time may lose what it had.
  private func canLose(_ node: Node) -> Bool {
    scenario.durability.isSynced || canLoseOne
  }

  private func bringUp(_ node: Node) {
    if !node.isUp { restart(node, within: 0...1_000_000) }
  }

  private func lookForStopped(_ node: Node) {
    world.after(200_000) { [weak self] in
      if node.isUp, node.isStopping { self?.lookForStopped(node) } else { self?.bringUp(node) }
    }
  }

  /// A node that stands still hears nothing of the coordination service, which may forget it.
  private func pause(_ node: Node, _ microseconds: Int64) {
    guard node.isServing else { return }
    let client = coordinationClients[node.id]
    client?.cutOff(world.oneIn(2) ? .dropped : .carriedOut)
    node.onResume = { client?.restore() }
    node.pause(microseconds)
  }

  private func block(_ from: Node, _ to: Node) {
    world.note("nothing comes from \(from.id) to \(to.id)")
    network.block(from: from.host, to: to.host)
    later(50_000...3_000_000) { [weak self] in
      self?.world.note("\(from.id) reaches \(to.id) again")
      self?.network.unblock(from: from.host, to: to.host)
    }
  }

  private func cut(_ node: Node, _ microseconds: Int64) {
    guard node.isServing, let client = coordinationClients[node.id] else { return }
    world.note("node \(node.id) cannot reach the coordination service")
    client.cutOff(world.oneIn(2) ? .dropped : .carriedOut)
    world.after(microseconds) { [weak self] in
      self?.world.note("node \(node.id) can reach the coordination service again")
      if !node.isPaused { client.restore() }
    }
  }

  private func loseWrite() {
    let sessions = ensemble.tree.sessionIDs
    guard !sessions.isEmpty else { return }
    let session = world.pick(sessions)
    ensemble.tree.disconnectAtNextWrite(session, world.oneIn(2) ? .dropped : .carriedOut)
    world.note("the next write of session \(session) gets lost")
    reconnectLater(session)
  }

  /// As often as the connection breaks: the write may come late. A session that has expired hears of
  /// it then.
  private func reconnectLater(_ session: Int64) {
    later(300_000...2_000_000) { [weak self] in
      guard let self else { return }
      ensemble.tree.reconnect(session)
      reconnectLater(session)
    }
  }

  private func reassign() {
    let partition = world.pick(partitions)
    var replicas = nodes.map(\.id).shuffled(using: &world.random)
    replicas.removeLast(Int(world.number(0...1)))
    administrator.reassign(partition, to: replicas)
  }
}
