import Logging
import MoldauBroker
import MoldauCluster
import MoldauCoordination
import MoldauDisk
import MoldauFormat
import MoldauLog

/// One schedule of a whole cluster: it comes up, clients use it, things go wrong, all is healed, and
/// everybody has the same in the end.
final class ClusterRun {
  static let topic = "t"
  /// Where groups keep what they commit.
  static let offsets = (0..<2).map {
    TopicPartition(topic: "__consumer_offsets", partition: $0)
  }

  let scenario: Scenario
  let world: World
  let network: Network
  let history: History
  private(set) var nodes: [Node] = []
  private(set) var ensemble: Ensemble!
  private(set) var inspector: Inspector!
  private(set) var producers: [Producer] = []
  private(set) var readers: [Reader] = []
  private(set) var committers: [Committer] = []
  let administrator: Administrator
  let partitions: [TopicPartition]
  var coordinationClients: [Int32: EmbeddedClient] = [:]
  var faultsAreOver = false
  /// How often a node has lost its power when a replica of it was behind what is committed, and had
  /// more than its device.
  var lossesBehind = 0

  init(seed: UInt64, _ scenario: Scenario) {
    self.scenario = scenario
    let world = World(seed: seed)
    let network = Network(world)
    let history = History(world)
    self.world = world
    self.network = network
    self.history = history
    partitions = (0..<scenario.partitionCount).map {
      TopicPartition(topic: Self.topic, partition: Int32($0))
    }
    var made: [Node] = []
    let box = RunBox()
    for id in 1...Int32(scenario.nodeCount) {
      let node = Node(network, id: id) { node in
        guard let run = box.run else { preconditionFailure("the world is over") }
        return try run.makeLife(node)
      }
      node.onFailure = { history.fail($0, law: "recovery") }
      made.append(node)
    }
    nodes = made
    administrator = Administrator(Client(network, host: 200, nodes: made), history)
    administrator.client.onFailure = { history.fail($0) }
    box.run = self
    ensemble = Ensemble(world) { made }
    inspector = Inspector(
      history, CoordinatedStates(ensemble.tree, partitions + Self.offsets), nodes: made,
      partitions: partitions, offsets: Self.offsets,
      minInSyncReplicas: min(scenario.minInSyncReplicas, scenario.replicationFactor))
    makeClients()
    history.onAcknowledged = { [weak inspector] in inspector?.acknowledged($0, $1, $2) }
    history.onConsumed = { [weak inspector] in inspector?.consumed($0, $1, $2) }
    world.afterStep.append { [weak ensemble, weak inspector] in
      ensemble?.poll()
      inspector?.inspect()
    }
  }

  private final class RunBox {
    weak var run: ClusterRun?
  }

  private func makeClients() {
    for index in 1...scenario.producerCount {
      producers.append(makeProducer(index, acks: -1))
    }
    if scenario.hasCarelessProducer {
      producers.append(makeProducer(scenario.producerCount + 1, acks: 1))
    }
    readers.append(
      Reader(
        Client(network, host: 301, nodes: nodes), topics: [Self.topic], partitions: partitions,
        history: history))
    for index in 0..<scenario.groupCount {
      committers.append(
        Committer(
          Client(network, host: 401 + index, nodes: nodes), group: "group-\(index)",
          partition: partitions[index % partitions.count], history: history))
    }
  }

  private func makeProducer(_ index: Int, acks: Int16) -> Producer {
    let producer = Producer(
      Client(network, host: 100 + index, nodes: nodes), index: index, topics: [Self.topic],
      partitions: partitions, history: history, acks: acks)
    producer.pause = scenario.producerPause
    return producer
  }

  // MARK: Nodes

  private func makeLife(_ node: Node) throws -> NodeLife {
    let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
    var configuration = NodeLife.storeConfiguration(node, logger: logger)
    configuration.durability = scenario.durability
    configuration.isReplicated = true
    let store = try LogStore.open(
      at: "/store", configuration, disk: node.disk, clock: node.wallClock)
    let execution = BrokerExecution(
      clock: node.wallClock, steadyClock: node.clock,
      random: RandomSource(SeededGenerator(seed: world.random.next())), runsThreads: false)
    let mailbox = Mailbox<Mail>()
    let client = ensemble.client(for: node)
    coordinationClients[node.id] = client
    let environment = ClusterEnvironment(
      coordination: client, network: SimulatedPeers(mailbox),
      bootID: "boot-\(node.id)-\(node.bootCount)", settings)
    let broker = try Broker(
      store: store,
      BrokerConfiguration(
        nodeID: node.id, createsTopics: false,
        groups: GroupConfiguration(
          offsetsPartitionCount: 2, offsetsReplicationFactor: scenario.replicationFactor)),
      cluster: environment, logger: logger, execution: execution)
    let life = NodeLife(
      node, store: store, broker: broker, execution: execution, mailbox: mailbox)
    life.findNode = { [nodes] name in nodes.first { $0.hostName == name } }
    life.onEnd = { client.abandon() }
    let endpoint = BrokerEndpoint(name: "CLIENT", host: node.hostName, port: 9092)
    let replication = BrokerEndpoint(name: "REPLICATION", host: node.hostName, port: 9093)
    broker.member?.start(endpoints: [endpoint], replication: replication) { _ in }
    return life
  }

  private var settings: ClusterSettings {
    var settings = ClusterSettings()
    settings.sessionTimeoutMilliseconds = scenario.sessionTimeoutMilliseconds
    settings.replicas = ReplicaSettings(
      lagMilliseconds: scenario.lagMilliseconds, rules: scenario.rules)
    settings.fetching = ReplicaFetchConfiguration(
      maxWaitMilliseconds: 200, maxBackoffMilliseconds: 200, failedBackoffMilliseconds: 500,
      answerMilliseconds: 500)
    if let bytes = scenario.fetchBytes {
      settings.fetching.partitionBytes = bytes
      settings.fetching.syncBytes = 4 * Int(bytes)
      settings.fetching.unsyncedBytes = 16 * Int(bytes)
    }
    settings.imageWaitMilliseconds = 1_000
    settings.answerMilliseconds = 600
    settings.maxBackoffMilliseconds = 200
    settings.shutdownMilliseconds = 1_000
    settings.forwardMilliseconds = 2_000
    settings.controller.minInSyncReplicas = Int32(scenario.minInSyncReplicas)
    settings.controller.rebalancesLeaders = false
    settings.controller.patienceMilliseconds = 1_000
    settings.controller.retryMilliseconds = 100
    return settings
  }

  // MARK: The schedule

  func run() throws {
    defer { world.end() }
    for node in nodes {
      let isFirst = scenario.firstNode == nil || scenario.firstNode == node.id
      restart(node, within: isFirst ? 0...100_000 : 1_000_000...1_100_000)
    }
    guard go(atMost: 20_000_000, until: { nodes.allSatisfy { $0.life?.isMember == true } }) else {
      return history.fail("the brokers do not all register", law: "liveness")
    }
    createTopic()
    guard go(atMost: 10_000_000, until: { isHealthy }) else {
      return history.fail("the topic does not come into being", law: "liveness")
    }
    for producer in producers { producer.start() }
    for reader in readers { reader.start() }
    for committer in committers { committer.start() }
    go(for: 300_000)
    if let script = scenario.script { script(self) } else { arrangeFault() }
    go(for: scenario.duration)
    heal()
    guard go(atMost: 30_000_000, until: { isSettled }) else {
      return history.fail("the cluster does not settle: \(condition)", law: "liveness")
    }
    for reader in readers { reader.isStopped = true }
    inspector.compareAll()
  }

  private func createTopic() {
    administrator.createTopic(
      Self.topic, partitionCount: scenario.partitionCount,
      replicationFactor: scenario.replicationFactor, assignment: scenario.assignment,
      minInSyncReplicas: scenario.minInSyncReplicas)
  }

  func askController(_ question: (ClusterController) -> Void) {
    for node in nodes where node.isServing {
      guard let controller = node.life?.broker.member?.controller, controller.isActive else {
        continue
      }
      question(controller)
      return node.poll()
    }
  }

  private func heal() {
    world.note("all is healed")
    faultsAreOver = true
    network.unblockAll()
    network.slowness = [:]
    network.breaksOneIn = nil
    ensemble.tree.setAvailable(true)
    for node in nodes {
      coordinationClients[node.id]?.restore()
      node.commitTime = 100...1_500
      if node.isPaused { node.resume() }
      if !node.isUp { restart(node, within: 0...100_000) }
    }
    for producer in producers { producer.isStopped = true }
    for committer in committers { committer.isStopped = true }
  }

  /// The partitions that there are to be, and those that have come into being.
  private var allPartitions: [TopicPartition] {
    partitions + Self.offsets.filter { inspector.states.states[$0] != nil }
  }

  /// Whether every replica is in sync.
  var isHealthy: Bool {
    allPartitions.allSatisfy { partition in
      guard let state = inspector.states.states[partition], state.leader >= 0 else { return false }
      return Set(state.isr) == Set(inspector.states.replicas(of: partition))
    }
  }

  private var isSettled: Bool {
    guard nodes.allSatisfy({ $0.life?.isMember == true }) else { return false }
    guard isHealthy, producers.allSatisfy(\.isIdle) else { return false }
    guard committers.allSatisfy({ !$0.isBusy }) else { return false }
    return allPartitions.allSatisfy { partition in
      let wanted = inspector.states.replicas(of: partition)
      let replicas = nodes.filter { wanted.contains($0.id) }.compactMap {
        $0.life?.broker.partition(partition.topic, partition.partition)
      }
      let ends = Set(replicas.map(\.log.endOffset))
      // A follower hears of the last high watermark with the next records.
      let marks = replicas.filter(\.isLed).map(\.highWatermark)
      guard replicas.count == wanted.count, ends.count == 1, marks == Array(ends) else {
        return false
      }
      guard partition.topic == Self.topic else { return true }
      return readers.allSatisfy { ($0.positions[partition] ?? .zero) == ends.first }
    }
  }

  /// What the cluster is like, for people.
  var condition: String {
    var lines: [String] = []
    for node in nodes {
      lines.append(
        "node \(node.id): \(node.isUp ? "up" : "down")\(node.isPaused ? ", paused" : "")"
          + "\(node.life?.isMember == true ? ", member" : "")")
    }
    for partition in allPartitions {
      if let state = inspector.states.states[partition] {
        lines.append(
          "\(partition): leader \(state.leader) epoch \(state.leaderEpoch) ISR \(state.isr) "
            + "ELR \(state.elr)")
      }
      for node in nodes {
        guard let found = node.life?.broker.partition(partition.topic, partition.partition) else {
          continue
        }
        lines.append(
          "  on \(node.id): \(found.role), HW \(found.highWatermark), end \(found.log.endOffset)")
      }
    }
    lines.append("producers idle: \(producers.map(\.isIdle))")
    lines.append("readers: \(readers.map(\.positions))")
    return lines.joined(separator: "\n")
  }

  func go(for microseconds: Int64) {
    let end = world.now + microseconds
    _ = go(atMost: microseconds) { world.now >= end }
  }

  @discardableResult
  private func go(atMost microseconds: Int64, until isDone: () -> Bool) -> Bool {
    let end = world.now + microseconds
    world.after(microseconds) {}
    while history.violation == nil {
      if isDone() { return true }
      guard world.now < end, world.step() else { return isDone() }
    }
    return true
  }

  func restart(_ node: Node, within pause: ClosedRange<Int64>) {
    world.after(world.number(pause)) { [weak self] in
      guard let self, !node.isUp else { return }
      do { try node.start() } catch {
        history.fail("node \(node.id) does not start: \(error)", law: "recovery")
      }
    }
  }
}

extension Partition {
  fileprivate var isLed: Bool {
    if case .leader = role { true } else { false }
  }
}
