import Logging
import MoldauBroker
import MoldauDisk
import MoldauFormat
import MoldauLog
import Testing

@testable import moldau_simulate

/// A broker that stands alone, in a world that goes wrong: what it acknowledges is there for good.
struct SingleBrokerTests {
  @Test(
    "acknowledged records survive crashes and power cuts, once and in order",
    arguments: 0..<max(1, Seeds.count / 3))
  func survives(block: UInt64) throws {
    let wanted = Seeds.only
    for seed in wanted.map({ [$0] }) ?? Array(block * 10..<block * 10 + 10) {
      let run = SingleBrokerRun(seed: seed)
      try run.run()
      if let violation = run.history.violation {
        Issue.record("MOLDAU_SEED=\(seed), step \(run.world.stepCount): \(violation)")
        for line in run.world.trace.last(60) { print(line) }
      }
      #expect(run.history.acknowledgedCount > 20, "seed \(seed)")
    }
  }

  @Test("the same seed gives the same world")
  func repeats() throws {
    let runs = try (0..<2).map { _ in
      let run = SingleBrokerRun(seed: 3)
      try run.run()
      return run.world.trace
    }
    #expect(runs[0].count == runs[1].count)
    #expect(runs[0].fingerprint == runs[1].fingerprint)
  }
}

final class SingleBrokerRun {
  let world: World
  let network: Network
  let history: History
  private let node: Node
  private let partitions = (0..<2).map { TopicPartition(topic: "t", partition: $0) }
  private var producers: [Producer] = []
  private var reader: Reader

  init(seed: UInt64) {
    let world = World(seed: seed)
    self.world = world
    network = Network(world)
    network.breaksOneIn = 200
    history = History(world, readsAreCommitted: false)
    node = Node(network, id: 1) { node in try Self.makeLife(node) }
    for index in 1...3 {
      producers.append(
        Producer(
          Client(network, host: 100 + index, nodes: [node]), index: index, topics: ["t"],
          partitions: partitions, history: history, isIdempotent: index < 3))
    }
    reader = Reader(
      Client(network, host: 110, nodes: [node]), topics: ["t"], partitions: partitions,
      history: history)
  }

  private static func makeLife(_ node: Node) throws -> NodeLife {
    let logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
    let store = try LogStore.open(
      at: "/store", NodeLife.storeConfiguration(node, logger: logger), disk: node.disk,
      clock: node.wallClock)
    _ = try store.topicBlocking("t", TopicConfiguration(partitionCount: 2))
    let execution = BrokerExecution(
      clock: node.wallClock, steadyClock: node.clock,
      random: RandomSource(SeededGenerator(seed: node.world.random.next())), runsThreads: false)
    let broker = try Broker(
      store: store, BrokerConfiguration(nodeID: node.id), logger: logger, execution: execution)
    return NodeLife(
      node, store: store, broker: broker, execution: execution, mailbox: Mailbox())
  }

  func run() throws {
    try node.start()
    for producer in producers { producer.start() }
    reader.start()
    arrangeFault()
    go(for: 4_000_000)
    faultsAreOver = true
    if !node.isUp { try node.start() }
    for producer in producers { producer.isStopped = true }
    go(for: 2_000_000)
    reader.isStopped = true
    go(for: 1_000_000)
    if let store = node.life?.store { try compare(store) }
    world.end()
  }

  private var faultsAreOver = false

  private func go(for microseconds: Int64) {
    let end = world.now + microseconds
    var isOver = false
    world.after(microseconds) { isOver = true }
    while !isOver, world.now <= end, history.violation == nil, world.step() {}
  }

  private func arrangeFault() {
    world.after(world.number(300_000...2_000_000)) { [weak self] in
      guard let self, !faultsAreOver else { return }
      fault()
      arrangeFault()
    }
  }

  private func fault() {
    switch world.number(0...3) {
    case 0, 1:
      node.crash(world.pick(CrashStyle.allCases))
      world.after(world.number(10_000...500_000)) { [weak self] in
        guard let self, !node.isUp else { return }
        do { try node.start() } catch { history.fail("the broker does not start: \(error)") }
      }
    case 2: node.pause(world.number(10_000...1_000_000))
    default:
      network.block(from: node.host, to: 101)
      world.after(world.number(10_000...2_000_000)) { [weak self] in self?.network.unblockAll() }
    }
  }

  private func compare(_ store: LogStore) throws {
    for partition in partitions {
      guard let log = store.existingTopic("t")?.partitions[Int(partition.partition)] else {
        history.fail("\(partition) is gone")
        continue
      }
      let records = try log.records(from: .zero, to: log.endOffset)
      history.compare(
        records.map { ($0.offset, $0.record.number) },
        of: Incarnation(partition: partition, topicID: log.topicID))
    }
  }
}
