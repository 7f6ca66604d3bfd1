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
  /// The topic of which all may be deleted.
  static let deletedTopic = "d"
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
  private(set) var classicMembers: [Member] = []
  private(set) var consumerMembers: [Member] = []
  let administrator: Administrator
  let partitions: [TopicPartition]
  let deletedPartitions: [TopicPartition]
  private var isRenewing = false
  var coordinationClients: [Int32: EmbeddedClient] = [:]
  var faultsAreOver = false
  /// What the cluster was like when all was over.
  private(set) var atEnd = ""
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
    deletedPartitions = (0..<(scenario.hasDeletedTopic ? 1 : 0)).map {
      TopicPartition(topic: Self.deletedTopic, partition: Int32($0))
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
      history, CoordinatedStates(ensemble.tree, writtenPartitions + Self.offsets), nodes: made,
      partitions: writtenPartitions, offsets: Self.offsets,
      minInSyncReplicas: min(scenario.minInSyncReplicas, scenario.replicationFactor))
    makeClients()
    history.onAcknowledged = { [weak inspector] in inspector?.acknowledged($0, $1, $2) }
    history.deletedBelow = { [weak inspector] incarnation in
      let known = inspector?.tracked[incarnation.partition]
      return known?.topicID == incarnation.topicID ? known?.deletedBelow ?? 0 : .max
    }
    history.onConsumed = { [weak inspector] in inspector?.consumed($0, $1, $2) }
    world.afterStep.append { [weak self, weak ensemble, weak inspector] in
      ensemble?.poll()
      inspector?.inspect()
      self?.armTroubles()
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
    if scenario.hasDeletedTopic {
      producers.append(
        makeProducer(
          scenario.producerCount + 2, acks: -1, topic: Self.deletedTopic, deletedPartitions))
      readers.append(
        Reader(
          Client(network, host: 302, nodes: nodes), topics: [Self.deletedTopic],
          partitions: deletedPartitions, history: history))
    }
    makeMembers()
    for index in 0..<scenario.groupCount {
      committers.append(
        Committer(
          Client(network, host: 401 + index, nodes: nodes), group: "group-\(index)",
          partition: partitions[index % partitions.count], history: history))
    }
  }

  private func makeMembers() {
    let told = GroupHistory(history)
    told.standing = { [weak self] in self?.coordinatorStanding(of: $0) }
    for index in 0..<scenario.classicMemberCount {
      classicMembers.append(
        ClassicMember(
          Client(network, host: 501 + index, nodes: nodes), group: "classic", topic: Self.topic,
          partitionCount: partitions.count, history: told, instance: index == 2 ? "third" : nil))
    }
    let holdings = GroupHoldings(history)
    for index in 0..<scenario.consumerMemberCount {
      consumerMembers.append(
        ConsumerMember(
          Client(network, host: 601 + index, nodes: nodes), group: "consumers",
          topic: Self.topic, partitionCount: partitions.count, history: told,
          holdings: holdings))
    }
  }

  private func coordinatorStanding(of id: Int32) -> [Int32]? {
    var epochs: [Int32] = []
    for partition in Self.offsets {
      guard case .leader(let epoch) = inspector.replica(of: partition, on: node(id))?.role else {
        epochs.append(-1)
        continue
      }
      let state = inspector.states.states[partition]
      guard state?.leader == id, state?.leaderEpoch == epoch else { return nil }
      epochs.append(epoch)
    }
    return epochs
  }

  private func makeProducer(
    _ index: Int, acks: Int16, topic: String = topic, _ partitions: [TopicPartition]? = nil
  ) -> Producer {
    let producer = Producer(
      Client(network, host: 100 + index, nodes: nodes), index: index, topics: [topic],
      partitions: partitions ?? self.partitions, history: history, acks: acks)
    producer.pause = scenario.producerPause
    producer.giveUpOneIn = scenario.giveUpOneIn
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
          minSessionTimeout: .milliseconds(100), initialRebalanceDelay: .milliseconds(50),
          consumerSessionTimeout: .milliseconds(Int64(Member.sessionTimeoutMilliseconds)),
          consumerHeartbeatInterval: .milliseconds(100), offsetsPartitionCount: 2,
          offsetsReplicationFactor: scenario.replicationFactor)),
      cluster: environment, logger: logger, execution: execution)
    let life = NodeLife(
      node, store: store, broker: broker, execution: execution, mailbox: mailbox)
    life.findNode = { [nodes] name in nodes.first { $0.hostName == name } }
    life.onEnd = { client.abandon() }
    life.onPoisoned = { [weak self, weak node] in
      if let self, let node { replaceDisk(of: node) }
    }
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

  func run() {
    defer { end() }
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
    for member in members { member.start() }
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

  /// Lets go of what holds the world in turn. What has become of it stays known.
  private func end() {
    atEnd = condition
    for node in nodes { node.end() }
    network.end()
    ensemble.end()
    world.end()
  }

  private func createTopic() {
    administrator.createTopic(
      Self.topic, partitionCount: scenario.partitionCount,
      replicationFactor: scenario.replicationFactor, assignment: scenario.assignment,
      settings: [("min.insync.replicas", scenario.minInSyncReplicas)])
    if scenario.hasDeletedTopic { keepDeletedTopic() }
  }

  /// Makes the topic when it is not there, again and again: until it is gone for good, who asks for a
  /// new one may be told that there is one.
  private func keepDeletedTopic() {
    if !isRenewing, inspector.states.topicID(of: Self.deletedTopic) == nil { createDeletedTopic() }
    world.after(500_000) { [weak self] in self?.keepDeletedTopic() }
  }

  private func createDeletedTopic() {
    administrator.createTopic(
      Self.deletedTopic, partitionCount: deletedPartitions.count,
      replicationFactor: scenario.replicationFactor,
      settings: [
        ("min.insync.replicas", scenario.minInSyncReplicas), ("segment.bytes", 2048),
        ("retention.bytes", 8192), ("file.delete.delay.ms", 100),
      ])
  }

  /// Deletes the topic and makes it anew.
  func renewTopic() {
    guard scenario.hasDeletedTopic, !isRenewing else { return }
    isRenewing = true
    administrator.deleteTopic(Self.deletedTopic) { [weak self] in
      self?.isRenewing = false
      self?.createDeletedTopic()
    }
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
      node.mendDisk()
      if node.isPaused { node.resume() }
      if !node.isUp { restart(node, within: 0...100_000) }
    }
    for producer in producers { producer.isStopped = true }
    for committer in committers { committer.isStopped = true }
    for member in members { member.calm() }
  }

  var writtenPartitions: [TopicPartition] { partitions + deletedPartitions }
  var members: [Member] { classicMembers + consumerMembers }

  /// The partitions that there are to be, and those that have come into being.
  private var allPartitions: [TopicPartition] {
    writtenPartitions + Self.offsets.filter { inspector.states.states[$0] != nil }
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
    guard committers.allSatisfy({ !$0.isBusy }), !isRenewing else { return false }
    guard [classicMembers, consumerMembers].allSatisfy(sharesOut) else { return false }
    return allPartitions.allSatisfy { partition in
      let wanted = inspector.states.replicas(of: partition)
      let replicas = nodes.filter { wanted.contains($0.id) }.compactMap {
        inspector.replica(of: partition, on: $0)
      }
      let ends = Set(replicas.map(\.log.endOffset))
      // A follower hears of the last high watermark with the next records.
      let marks = replicas.filter(\.isLed).map(\.highWatermark)
      guard replicas.count == wanted.count, ends.count == 1, marks == Array(ends) else {
        return false
      }
      return readers.allSatisfy { $0.hasRead(partition, inspector.tracked[partition], ends.first) }
    }
  }

  /// Whether each partition has one of the members.
  private func sharesOut(_ members: [Member]) -> Bool {
    guard !members.isEmpty else { return true }
    return members.allSatisfy(\.isSettled)
      && members.flatMap(\.owned).sorted() == partitions.map(\.partition)
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
        guard let found = inspector.replica(of: partition, on: node) else { continue }
        lines.append(
          "  on \(node.id): \(found.role), HW \(found.highWatermark), end \(found.log.endOffset)")
      }
    }
    lines.append("producers idle: \(producers.map(\.isIdle))")
    lines.append("readers: \(readers.map(\.positions))")
    for member in members {
      lines.append(
        "\(member): generation \(member.generation), owns \(member.owned.sorted())")
    }
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
        if node.hasTroubledDisk { return restart(node, within: 100_000...500_000) }
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
