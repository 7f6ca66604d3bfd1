import Logging
import MoldauBroker
import MoldauDisk
import MoldauLog

/// One life of a broker on a node: from its start to its end.
final class NodeLife {
  let node: Node
  let store: LogStore
  let broker: Broker
  let execution: BrokerExecution
  let mailbox: Mailbox<Mail>
  private var ends: [Int: ServerEnd] = [:]
  private var lastEnd = 0
  private var isQueueArranged: [Bool] = []
  private var isCommitArranged = false
  private var arrangedTimer: Int64?
  private var peers: [Int: PeerLink] = [:]
  private(set) var isOver = false
  /// Set when the broker has left its cluster, as it was asked to.
  private let hasLeft = Flag()
  /// Finds the node of a host name.
  var findNode: (String) -> Node? = { _ in nil }
  /// Called once when the store takes nothing more, since a sync has failed.
  var onPoisoned: () -> Void = {}
  private var isKnownPoisoned = false
  /// What else there is to be done at the end.
  var onEnd: () -> Void = {}

  init(
    _ node: Node, store: LogStore, broker: Broker, execution: BrokerExecution,
    mailbox: Mailbox<Mail>
  ) {
    self.node = node
    self.store = store
    self.broker = broker
    self.execution = execution
    self.mailbox = mailbox
    arrangeMaintenance()
  }

  /// The store's configuration for a node.
  static func storeConfiguration(_ node: Node, logger: Logger) -> StoreConfiguration {
    var configuration = StoreConfiguration(checkpointInterval: .zero, logger: logger)
    configuration.threads = .manual
    configuration.random = RandomSource(SeededGenerator(seed: node.world.random.next()))
    return configuration
  }

  /// Stops in order.
  func stop() throws {
    broker.stop()
    try store.closeBlocking()
  }

  /// Nothing is heard of this broker any more.
  func end() {
    isOver = true
    for end in ends.values.sorted(by: { $0.number < $1.number }) { end.breakOff() }
    ends = [:]
    for (_, peer) in peers.sorted(by: { $0.key < $1.key }) { peer.abandon() }
    peers = [:]
    onEnd()
    onEnd = {}
    // What is left of the process would hold itself.
    broker.replicas?.stop()
    execution.abandon()
    store.forgetWaiters()
    _ = mailbox.takeAll()
  }

  /// Whether the broker is registered, and acts on an image in which it is.
  var isMember: Bool { broker.member?.isReady == true }

  /// Leaves the cluster in order; `Node.leaveArrived` is called when that is done.
  func leave() {
    guard let member = broker.member else { return hasLeft.set() }
    member.stop { [hasLeft] in hasLeft.set() }
  }

  // MARK: Connections

  func accept(_ connection: Connection) -> ServerEnd {
    lastEnd += 1
    let end = ServerEnd(lastEnd, connection, self)
    ends[lastEnd] = end
    return end
  }

  func forget(_ end: ServerEnd) { ends[end.number] = nil }

  // MARK: What the broker wants

  /// Takes up what was put into the mailbox, and lets happen in a while what waits in queues.
  func poll() {
    while true {
      let mails = mailbox.takeAll()
      if mails.isEmpty { break }
      for mail in mails { take(mail) }
    }
    if hasLeft.isSet { node.leaveArrived() }
    if store.isPoisoned, !isKnownPoisoned {
      isKnownPoisoned = true
      onPoisoned()
    }
    arrangeQueues()
    arrangeCommit()
    arrangeTimer()
  }

  private func take(_ mail: Mail) {
    switch mail {
    case .wake(let connection, let sequence):
      node.after(node.world.number(5...100)) { [weak self] in
        self?.ends[connection]?.resume(sequence, .woken)
      }
    case .sendToPeer(let number, let endpoint, let request, let completion):
      send(request, to: endpoint, of: number, completion)
    case .closePeer(let number):
      peers.removeValue(forKey: number)?.close()
    }
  }

  private func send(
    _ request: [UInt8], to endpoint: BrokerEndpoint, of number: Int,
    _ completion: @escaping Mail.PeerAnswer
  ) {
    guard let server = findNode(endpoint.host) else {
      return node.after(100) { completion(nil) }
    }
    let peer = peers[number] ?? PeerLink(node)
    peers[number] = peer
    peer.send(request, to: server, completion)
  }

  private func arrangeQueues() {
    let count = execution.queueCount
    while isQueueArranged.count < count { isQueueArranged.append(false) }
    for index in 0..<count where !isQueueArranged[index] && execution.hasWork(inQueue: index) {
      isQueueArranged[index] = true
      node.after(node.world.number(1...50)) { [weak self] in
        guard let self else { return }
        isQueueArranged[index] = false
        node.world.detail("node \(node.id) runs queue \(index)")
        _ = execution.runNext(ofQueue: index)
      }
    }
  }

  private func arrangeCommit() {
    guard !isCommitArranged, store.isCommitAwaited else { return }
    isCommitArranged = true
    node.after(node.world.number(node.commitTime)) { [weak self] in
      guard let self else { return }
      isCommitArranged = false
      store.runCommits()
    }
  }

  private func arrangeTimer() {
    guard let next = execution.scheduler.nextDeadline else { return }
    if let arrangedTimer, arrangedTimer <= next { return }
    arrangedTimer = next
    node.after(max(0, next * 1000 - node.world.now)) { [weak self] in
      guard let self, arrangedTimer == next else { return }
      arrangedTimer = nil
      node.world.detail("node \(node.id) runs timers")
      execution.scheduler.runDue()
    }
  }

  private func arrangeMaintenance() {
    node.world.after(node.world.number(500_000...2_000_000)) { [weak self] in
      guard let self, !isOver else { return }
      node.whenRunning { [weak self] in self?.store.runMaintenance() }
      arrangeMaintenance()
    }
  }
}
